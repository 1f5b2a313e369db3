import runpy
import sys

import pytest
import torch

from dpmesh_plugin.engine import load_weights
from dpmesh_plugin.registry import MODELS

WEIGHT = 'neck.fuse.0.weight'


@pytest.fixture
def export(repo_root, monkeypatch, capsys, config_file):
    def run(*arguments):
        path = repo_root / 'tools/model_converters/export_student.py'
        monkeypatch.setattr(sys, 'argv', [str(path), str(config_file), *map(str, arguments)])
        runpy.run_path(str(path), run_name='__main__')
        return capsys.readouterr().out

    return run


@pytest.fixture
def checkpoint(model, tmp_path):
    """What a run with a mean teacher saves."""
    average = {WEIGHT: model.get_parameter(WEIGHT).detach() + 1}
    path = tmp_path / 'epoch_1.pth'
    content = {
        'state_dict': model.state_dict(),
        'optimizer': {'state': {}},
        'teacher': {'type': 'EMATeacher', 'sha256': None, 'weights': average},
    }
    torch.save(content, path)
    return path


@pytest.mark.parametrize('name', ['student.pth', 'student.safetensors'])
def test_student_is_a_plain_estimator(export, checkpoint, model, model_config, tmp_path, name):
    assert 'MiB' in export(checkpoint, tmp_path / name)
    plain = MODELS.build(model_config)
    assert load_weights(plain, tmp_path / name).agrees
    torch.testing.assert_close(plain.state_dict(), model.state_dict(), rtol=0, atol=0)


def test_teacher_and_half_precision(export, checkpoint, model, model_config, tmp_path):
    export(checkpoint, tmp_path / 'half.pth', '--teacher', '--dtype', 'float16')
    stored = torch.load(tmp_path / 'half.pth')
    assert stored['state_dict'][WEIGHT].dtype == torch.float16
    assert set(stored) == {'meta', 'state_dict'}
    plain = MODELS.build(model_config)
    load_weights(plain, tmp_path / 'half.pth')
    expected = model.get_parameter(WEIGHT) + 1
    torch.testing.assert_close(plain.get_parameter(WEIGHT), expected, rtol=1e-3, atol=1e-3)


def test_what_does_not_fit_ends_with_a_line(export, checkpoint, tmp_path):
    torch.save({'state_dict': {WEIGHT: torch.zeros(1)}}, tmp_path / 'other.pth')
    with pytest.raises(SystemExit, match='export_student: .*does not fit the model MeshEstimator'):
        export(tmp_path / 'other.pth', tmp_path / 'out.pth')
    with pytest.raises(SystemExit, match=r'other\.pth holds no average of a student'):
        export(tmp_path / 'other.pth', tmp_path / 'out.pth', '--teacher')
    assert not (tmp_path / 'out.pth').exists()
