"""The small model of this repository, on people it has not seen."""

import json

import pytest
import torch

from dpmesh_plugin.utils.checkpoint_file import read_checkpoint, state_dict_of

CONFIG = 'configs/dpmesh_synth_oc_small.py'
CHECKPOINT = 'checkpoints/dpmesh_synth_oc_small.pth'
LIMIT = 25e6  # bytes
MEAN_POSE = 339.1  # mm, of everybody the mean of the training set: configs/baselines
SCENES = 24


def test_it_is_small_and_in_half_precision(repo_root):
    path = repo_root / CHECKPOINT
    assert path.stat().st_size < LIMIT
    weights = state_dict_of(read_checkpoint(path)).values()
    assert {each.dtype for each in weights if each.is_floating_point()} == {torch.float16}


@pytest.fixture(scope='module')
def scenes(run_tool, tmp_path_factory):
    """A SynthOC of another seed than that of the training."""
    folder = tmp_path_factory.mktemp('scenes')
    options = ['--out', str(folder), '--train', '0', '--test', str(SCENES), '--seed', '7']
    code, said = run_tool(['tools/dataset_converters/make_synth_oc.py', *options])
    assert code == 0, said
    return folder


def test_it_knows_people(run_tool, scenes, tmp_path):
    """Most are nearer to their body than the mean pose is, by far."""
    out = tmp_path / 'metrics.json'
    command = ['tools/test.py', CONFIG, CHECKPOINT, '--out', str(out), '--work-dir', str(tmp_path)]
    code, said = run_tool([*command, '--cfg-options', f'data_root={scenes}'])
    assert code == 0, said
    assert json.loads(out.read_text())['metrics']['MPJPE'] < 0.45 * MEAN_POSE


def test_a_model_of_trained_parts_is_measured_as_it_starts(run_tool, repo_root, scenes, tmp_path):
    """Embedding and readout come from the shipped model, the alignment is not trained."""
    out = tmp_path / 'metrics.json'
    config = 'configs/dpmesh_synth_oc_small_aligned.py'
    command = ['tools/test.py', config, 'none', '--out', str(out), '--work-dir', str(tmp_path)]
    start = f'model.init_cfg.checkpoint={repo_root / CHECKPOINT}'
    code, said = run_tool([*command, '--cfg-options', f'data_root={scenes}', start])
    assert code == 0, said
    assert json.loads(out.read_text())['metrics']['MPJPE'] < 0.45 * MEAN_POSE
