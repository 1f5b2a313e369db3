import os
import pickle
import sys
import types

import pytest
import torch
from torch import nn

from dpmesh_plugin.converters.weight_files import read_weights, write_weights


class Hostile:
    """Unpickling it would make a folder."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.fixture
def state():
    torch.manual_seed(0)
    return {'weight': torch.randn(3, 4), 'half': torch.randn(2).half(), 'id': torch.arange(3)}


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_round_trip(state, tmp_path, suffix):
    path = tmp_path / f'weights{suffix}'
    write_weights(state, path, source='here')
    content = read_weights(path)
    back = content.get('state_dict', content)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)
    if suffix == '.pth':
        assert content['meta'] == {'source': 'here'}


def test_old_format(state, tmp_path):
    torch.save(state, tmp_path / 'old.pth', _use_new_zipfile_serialization=False)
    assert torch.equal(read_weights(tmp_path / 'old.pth')['weight'], state['weight'])


def test_bookkeeping_of_a_training_framework(state, tmp_path, monkeypatch):
    framework = types.ModuleType('pytorch_lightning')
    framework.Callback = type('Callback', (), {'__module__': 'pytorch_lightning'})
    monkeypatch.setitem(sys.modules, 'pytorch_lightning', framework)
    callback = framework.Callback()
    callback.best = 3
    optimizer = torch.optim.Adam(nn.Linear(2, 2).parameters()).state_dict()
    parameters = list(nn.Linear(2, 2).parameters())
    content = {'state_dict': state, 'callbacks': {framework.Callback: callback}}
    torch.save({**content, 'optimizer': optimizer, 'parameters': parameters}, tmp_path / 'a.ckpt')
    monkeypatch.delitem(sys.modules, 'pytorch_lightning')
    read = read_weights(tmp_path / 'a.ckpt')
    assert torch.equal(read['state_dict']['weight'], state['weight'])
    (stand_in,) = read['callbacks'].values()
    assert stand_in.path == 'pytorch_lightning.Callback'
    assert stand_in.state == {'best': 3}


def test_code_in_a_pickle_is_refused_and_not_run(state, tmp_path):
    path = tmp_path / 'hostile.pth'
    hostile = Hostile(tmp_path / 'trap')
    for save in (torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))):
        save({'x': hostile, **state}, path)
        with pytest.raises(
            ValueError, match=r'hostile\.pth asks for posix\.mkdir, which could run'
        ):
            read_weights(path)
        assert not (tmp_path / 'trap').exists()


@pytest.mark.filterwarnings('ignore:`torch.jit.script` is deprecated')
def test_program_is_refused(tmp_path):
    torch.jit.script(nn.Linear(2, 2)).save(tmp_path / 'program.pth')
    with pytest.raises(ValueError, match='a TorchScript program'):
        read_weights(tmp_path / 'program.pth')


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_truncated_file(state, tmp_path, suffix):
    path = tmp_path / f'weights{suffix}'
    write_weights(state, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 40])
    with pytest.raises(ValueError, match=rf'weights{suffix} \({len(whole) - 40} bytes\) is not r'):
        read_weights(path)


def test_foreign_files(tmp_path):
    text = tmp_path / 'readme.pth'
    text.write_text('hello')
    with pytest.raises(ValueError, match='is not readable as a weight file'):
        read_weights(text)
    torch.save(torch.zeros(3), tmp_path / 'tensor.pth')
    with pytest.raises(ValueError, match='holds a Tensor, expected a dict'):
        read_weights(tmp_path / 'tensor.pth')
    with pytest.raises(FileNotFoundError, match=r'found no file at .*none\.pth'):
        read_weights(tmp_path / 'none.pth')


def test_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / 'weights.pth'
    path.write_text('older')
    with pytest.raises(Exception, match='pickle'):
        write_weights({'weight': lambda: None}, path)
    assert path.read_text() == 'older'
    assert list(tmp_path.iterdir()) == [path]


def test_values_stay_in_the_file(tmp_path):
    path = tmp_path / 'weights.pth'
    write_weights({'weight': torch.ones(5000)}, path)
    tensor = read_weights(path)['state_dict']['weight']
    content = path.read_bytes()
    with open(path, 'r+b') as file:
        file.write(content.replace(torch.ones(1).numpy().tobytes(), bytes(4)))
    assert tensor.max() == 0
