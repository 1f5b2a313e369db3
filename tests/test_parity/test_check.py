"""The whole comparison: with our own numbers, and with the official ones where they are at hand."""

import shutil
import subprocess
import sys
from operator import attrgetter

import numpy as np
import pytest
import torch

from dpmesh_plugin.parity import ParitySet, Report, check_parity
from dpmesh_plugin.parity.gradients import compare_gradients
from dpmesh_plugin.parity.network import compare_losses, compare_network
from dpmesh_plugin.parity.official_model import build_model
from dpmesh_plugin.parity.recording import record_set
from dpmesh_plugin.parity.stages import run_network

PARTS = (
    *('manifest', 'network', 'losses', 'gradients', 'metrics', 'preprocess', 'rotations'),
    *('targets', 'joint maps'),
)


def _over(report: Report) -> dict[str, tuple[float, float]]:
    return {row.name: (row.error, row.limit) for row in report.failed}


@pytest.fixture(scope='module')
def own(repo_root):
    return ParitySet(repo_root / 'tests/data/parity', 'tiny')


@pytest.fixture(scope='module')
def own_model(own):
    return build_model(own, Report())


def test_our_own_numbers(own):
    report = check_parity(own.folder, 'tiny')
    assert _over(report) == {}
    assert len(report.rows) > 600
    assert 'metrics: metrics.npz is not in the set' in report.notes


def test_set_with_a_salt(tmp_path):
    record_set(tmp_path, salt='pepper')
    parity, report = ParitySet(tmp_path, 'tiny', 'pepper'), Report()
    compare_network(parity, build_model(parity, report), report)
    assert _over(report) == {}
    report = Report()
    plain = ParitySet(tmp_path, 'tiny')
    compare_network(plain, build_model(plain, report), report)
    assert len(report.failed) > 80


@pytest.mark.parametrize(
    ('part', 'switch', 'value'),
    [
        ('backbone', 'latent_scale', 0.18215),
        ('backbone', 'image_range', (-1.0, 1.0)),
        ('backbone', 'timestep', 0),
        ('neck', 'mask_tokens', True),
        ('head.frame', 'focal_source', 'per_sample'),
    ],
)
def test_a_changed_function_is_noticed(own, own_model, part, switch, value, monkeypatch):
    monkeypatch.setattr(attrgetter(part)(own_model), switch, value)
    report = Report()
    compare_network(own, own_model, report)
    assert 'network/cam_trans' in _over(report)


def test_without_recorded_outputs_the_run_itself_is_checked(own, own_model, tmp_path):
    shutil.copytree(own.folder / 'tiny', tmp_path / 'tiny')
    (tmp_path / 'tiny/expected.npz').unlink()
    report = Report()
    compare_network(ParitySet(tmp_path, 'tiny'), own_model, report)
    assert report.failed == []
    assert any('mesh_cam (2x6890x3) is finite' in row.name for row in report.rows)
    assert 'no value was compared' in report.notes[0]


def test_the_tool_fails_where_a_row_is_over_its_limit(own, repo_root, tmp_path):
    shutil.copytree(own.folder / 'tiny', tmp_path / 'tiny')
    path = tmp_path / 'tiny/expected.npz'
    arrays = dict(np.load(path))
    arrays['smpl_shape'] = arrays['smpl_shape'] * 1.01
    np.savez(path, **arrays)
    tool = repo_root / 'tools/analysis_tools/check_parity.py'
    command = [sys.executable, str(tool), '--size', 'tiny', '--set']
    run = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, cwd=repo_root)
    assert run.returncode == 1
    assert '1 over their limit; worst network/smpl_shape' in run.stdout
    run = subprocess.run([*command, 'nowhere'], capture_output=True, text=True, cwd=repo_root)
    assert run.returncode == 2
    assert 'found none at' in run.stderr


@pytest.fixture(scope='module')
def official(shared_dir):
    return check_parity(shared_dir / 'parity', 'tiny')


@pytest.mark.parametrize('part', PARTS)
def test_official_numbers(official, part):
    rows = [row for row in official.rows if row.name.startswith(f'{part}/')]
    assert rows
    assert _over(Report(rows)) == {}


def test_no_official_number_is_left_out(official, shared_dir):
    recorded = np.load(shared_dir / 'parity/tiny/expected.npz').files
    compared = {row.name for row in official.rows}
    assert {f'network/{name}' for name in recorded} <= compared
    assert not any('not in the set' in note for note in official.notes)


@torch.no_grad()
def test_focal_length_per_sample_changes_only_where_it_differs(own, own_model, monkeypatch):
    first = run_network(own_model, own.inputs)
    monkeypatch.setattr(own_model.head.frame, 'focal_source', 'per_sample')
    each = run_network(own_model, own.inputs)
    depth = first['cam_trans'][:, 2] * torch.tensor([1, 800 / 2200])
    torch.testing.assert_close(each['cam_trans'][:, 2], depth)
    torch.testing.assert_close(each['mesh_cam'], first['mesh_cam'])


def test_a_factor_on_all_gradients_is_noticed(own, own_model):
    report = Report()
    compare_losses(own, own_model, report)
    assert _over(report) == {}
    for parameter in own_model.parameters():
        if parameter.grad is not None:
            parameter.grad *= 1.003
    report = Report()
    compare_gradients(own, own_model, own.arrays('losses.npz'), report)
    assert 'gradients/median norm' in _over(report)
