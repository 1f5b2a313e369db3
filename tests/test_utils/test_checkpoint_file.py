"""Checkpoint files: what is read, and what is refused."""

import hashlib
import os
import re
import zipfile

import numpy as np
import pytest
import torch
from mmengine.model import BaseModule
from mmengine.runner import load_checkpoint
from torch import nn

from dpmesh_plugin.utils.checkpoint_file import file_sha256, read_checkpoint, state_dict_of


class Code:
    """Would create a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


WEIGHTS = {'0.weight': torch.ones(3, 2), '0.bias': torch.zeros(3)}


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save({'state_dict': WEIGHTS, 'meta': {'epoch': 3, 'seed': np.float64(1)}}, path)
    return path


class Trap(BaseModule):
    """A layer that may start from a checkpoint."""

    def __init__(self, checkpoint: str) -> None:
        super().__init__({'type': 'Pretrained', 'checkpoint': checkpoint})
        self.layer = nn.Linear(2, 3)


def test_names_and_shapes_can_be_read_alone(saved):
    checkpoint = read_checkpoint(saved, map_location='meta')
    assert state_dict_of(checkpoint)['0.weight'].is_meta


def test_a_missing_file_is_named_in_full(tmp_path):
    path = tmp_path / 'none.pth'
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        read_checkpoint(path)


@pytest.mark.parametrize('kind', ['truncated', 'empty', 'text', 'zip', 'tensors'])
def test_a_damaged_or_foreign_file_is_named(kind, saved, tmp_path):
    path = tmp_path / ('b.safetensors' if kind == 'tensors' else 'b.pth')
    data = saved.read_bytes()
    path.write_bytes({'truncated': data[: len(data) // 2], 'text': b'hello'}.get(kind, b''))
    if kind == 'zip':
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('a.txt', 'hello')
    with pytest.raises(ValueError, match=re.escape(f'{path} ({path.stat().st_size} bytes)')):
        read_checkpoint(path)


def test_code_in_a_file_is_not_run(tmp_path):
    trap = tmp_path / 'trap'
    torch.save({'state_dict': WEIGHTS, 'extra': Code(trap)}, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r'Python object posix\.mkdir, which would run code'):
        read_checkpoint(tmp_path / 'a.pth')
    assert not trap.exists()


@pytest.mark.parametrize('content', [[1, 2], {'epoch': 3}, {'state_dict': {}}])
def test_a_file_without_weights_is_refused(content, tmp_path):
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r'a\.pth holds no weights: expected a state dict'):
        read_checkpoint(tmp_path / 'a.pth')


def test_the_hash_is_that_of_the_bytes(saved):
    assert file_sha256(saved) == hashlib.sha256(saved.read_bytes()).hexdigest()


def test_arrays_beside_the_weights_are_read(tmp_path):
    """As in published checkpoints of the OpenMMLab family."""
    arrays = {t: np.ones(2, t) for t in ('uint8', 'int16', 'int32', 'float32', 'float64', 'bool')}
    torch.save({'state_dict': {'a': torch.ones(1)}, 'meta': arrays}, tmp_path / 'a.pth')
    read = read_checkpoint(tmp_path / 'a.pth')['meta']
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == name


def test_code_in_a_file_is_not_run_by_mmengine_either(tmp_path):
    trap, path = tmp_path / 'trap', tmp_path / 'a.pth'
    torch.save({'state_dict': WEIGHTS, 'extra': Code(trap)}, path)
    for load in (
        lambda: Trap(str(path)).init_weights(),
        lambda: load_checkpoint(nn.Sequential(nn.Linear(2, 3)), str(path)),
    ):
        with pytest.raises(ValueError, match='which would run code when loaded'):
            load()
    assert not trap.exists()
