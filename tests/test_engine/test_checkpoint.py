import hashlib
import os
import re
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.engine import check_keys, compare_keys, load_weights, read_checkpoint
from dpmesh_plugin.engine.checkpoint import file_sha256, state_dict_of


class Code:
    """Would create a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def _model(width=3):
    return nn.Sequential(nn.Linear(2, width), nn.Linear(width, 1))


@pytest.fixture
def saved(tmp_path):
    model = _model()
    path = tmp_path / 'a.pth'
    meta = {'epoch': 3, 'seed': np.float64(1)}
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, path)
    return model, path


def test_weights_come_back_from_both_kinds_of_file(saved, tmp_path):
    source, path = saved
    save_file(source.state_dict(), tmp_path / 'a.safetensors')
    for file in (path, tmp_path / 'a.safetensors'):
        model = _model()
        comparison = load_weights(model, file)
        assert comparison.agrees
        assert comparison.num_matching == 4
        torch.testing.assert_close(model[0].weight, source[0].weight)


def test_names_and_shapes_can_be_read_alone(saved):
    checkpoint = read_checkpoint(saved[1], map_location='meta')
    assert state_dict_of(checkpoint)['0.weight'].is_meta
    assert compare_keys(_model(), state_dict_of(checkpoint)).agrees


def test_the_wrapper_prefix_is_dropped(tmp_path):
    torch.save({f'module.{k}': v for k, v in _model().state_dict().items()}, tmp_path / 'a.pth')
    assert load_weights(_model(), tmp_path / 'a.pth').agrees


def test_the_comparison_names_every_kind_of_difference():
    state_dict = _model(width=5).state_dict()
    state_dict['2.scale'] = state_dict.pop('1.bias')
    comparison = compare_keys(_model(), state_dict)
    assert comparison.missing == ('1.bias',)
    assert comparison.unexpected == ('2.scale',)
    assert comparison.mismatched[0] == ('0.weight', (5, 2), (3, 2))
    assert comparison.num_matching == 0
    with pytest.raises(ValueError, match='does not fit') as caught:
        check_keys(_model(), state_dict, 'old.pth')
    for part in (
        'old.pth does not fit the model Sequential',
        '1 missing from the checkpoint: 1.bias',
        '1 unknown to the model: 2.scale',
        '0.weight (3, 2) in the model, (5, 2)',
        'strict=False',
    ):
        assert part in str(caught.value)


def test_a_long_list_of_keys_is_cut():
    with pytest.raises(ValueError, match='does not fit') as caught:
        check_keys(_model(), {f'key{i}': torch.zeros(1) for i in range(40)}, 'a')
    assert '40 unknown to the model: key0, key1, key2, key3, key4, ...' in str(caught.value)
    assert 'key5' not in str(caught.value)


def test_not_strict_loads_what_fits_and_nothing_else(tmp_path):
    source, model = _model(), _model()
    before = model[1].bias.clone()
    state_dict = source.state_dict()
    state_dict['1.bias'] = torch.zeros(7)
    torch.save(state_dict, tmp_path / 'a.pth')
    comparison = load_weights(model, tmp_path / 'a.pth', strict=False)
    assert [key for key, *_ in comparison.mismatched] == ['1.bias']
    torch.testing.assert_close(model[0].weight, source[0].weight)
    torch.testing.assert_close(model[1].bias, before)


def test_a_file_without_one_matching_key_is_refused_even_when_not_strict(tmp_path):
    torch.save({'other': torch.zeros(1)}, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='0 keys match'):
        load_weights(_model(), tmp_path / 'a.pth', strict=False)


def test_a_missing_file_is_named_in_full(tmp_path):
    path = tmp_path / 'none.pth'
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        read_checkpoint(path)


@pytest.mark.parametrize('kind', ['truncated', 'empty', 'text', 'zip', 'tensors'])
def test_a_damaged_or_foreign_file_is_named(kind, saved, tmp_path):
    path = tmp_path / ('b.safetensors' if kind == 'tensors' else 'b.pth')
    data = saved[1].read_bytes()
    path.write_bytes({'truncated': data[: len(data) // 2], 'text': b'hello'}.get(kind, b''))
    if kind == 'zip':
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('a.txt', 'hello')
    with pytest.raises(ValueError, match=re.escape(f'{path} ({path.stat().st_size} bytes)')):
        read_checkpoint(path)


def test_code_in_a_file_is_not_run(tmp_path):
    trap = tmp_path / 'trap'
    torch.save({'state_dict': _model().state_dict(), 'extra': Code(trap)}, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r'Python object posix\.mkdir, which would run code'):
        read_checkpoint(tmp_path / 'a.pth')
    assert not trap.exists()


@pytest.mark.parametrize('content', [[1, 2], {'epoch': 3}, {'state_dict': {}}])
def test_a_file_without_weights_is_refused(content, tmp_path):
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r'a\.pth holds no weights: expected a state dict'):
        read_checkpoint(tmp_path / 'a.pth')


def test_weights_for_another_body_model_are_refused_by_name(tmp_path):
    model = nn.ModuleDict({'layer': nn.Linear(2, 1), 'body': SMPL()})
    state_dict = model.state_dict()
    state_dict['body._extra_state'] = torch.tensor(list(b'smpl'), dtype=torch.uint8)
    torch.save(state_dict, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=f"body model 'smpl', this one is '{model.body.model_id}'"):
        load_weights(model, tmp_path / 'a.pth')


def test_the_hash_is_that_of_the_bytes(saved):
    assert file_sha256(saved[1]) == hashlib.sha256(saved[1].read_bytes()).hexdigest()


def test_arrays_beside_the_weights_are_read(tmp_path):
    """As in published checkpoints of the OpenMMLab family."""
    arrays = {t: np.ones(2, t) for t in ('uint8', 'int16', 'int32', 'float32', 'float64', 'bool')}
    torch.save({'state_dict': {'a': torch.ones(1)}, 'meta': arrays}, tmp_path / 'a.pth')
    read = read_checkpoint(tmp_path / 'a.pth')['meta']
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == name
