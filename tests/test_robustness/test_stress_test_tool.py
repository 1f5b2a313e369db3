import json
import runpy
import sys

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope

CONFIG = """
default_scope = 'dpmesh_plugin'
body_model = dict(type='SMPL', genders=('neutral', 'male', 'female'))
model = dict(
    type='MeshEstimator',
    backbone=dict(
        type='DiffusionPriorBackbone',
        unet=dict(block_out_channels=(8, 8, 8, 8), layers_per_block=1, cross_attention_dim=8,
                  attention_head_dim=2, norm_num_groups=4),
        vae=dict(block_out_channels=(4, 4, 4, 4), layers_per_block=1, norm_num_groups=4),
        controlnet=dict(), lora=None, trainable=('unet',),
    ),
    neck=dict(type='KeypointConditionNeck', out_channels=16),
    head=dict(
        type='HMRHead', body_model=body_model, pose_decoder=dict(type='ContinuousPoseDecoder')
    ),
)
test_dataloader = dict(
    dataset=dict(
        type='PW3DDataset', data_root='{root}', ann_file='synth_oc_test.json', test_mode=True,
        pipeline=[
            dict(type='LoadMeshImage'), dict(type='KeypointsToPrompt'), dict(type='CropBox'),
            dict(type='TopdownAffine'), dict(type='PackMeshInputs'),
        ],
    ),
)
test_evaluator = dict(type='MeshMetric', body_model=body_model)
"""


@pytest.fixture
def run(repo_root, synth_oc, tmp_path, monkeypatch):
    config = tmp_path / 'tiny.py'
    config.write_text(CONFIG.replace('{root}', str(synth_oc)))

    def call(*arguments, config=config) -> None:
        tool = repo_root / 'tools' / 'analysis_tools' / 'stress_test.py'
        command = [str(tool), str(config), *map(str, arguments)]
        monkeypatch.setattr(sys, 'argv', command)
        runpy.run_path(str(tool), run_name='__main__')
        init_default_scope('dpmesh_plugin')

    return call


def test_a_model_is_tested_and_the_test_gone_on_with(run, tmp_path, capsys):
    out = tmp_path / 'out'
    common = ['none', '--out', out, '--samples', '2', '--map-samples', '1', '--map-steps', '2']
    run(*common, '--sweeps', 'keypoint_drop')
    run(*common, '--sweeps', 'keypoint_drop', 'side_swap')
    assert 'side_swap' in capsys.readouterr().out
    content = json.loads((out / 'stress.json').read_text())
    assert list(content['sweeps']) == ['keypoint_drop', 'side_swap']
    assert content['settings']['samples'] == 2
    assert np.array(content['sensitivity']['rise']).shape == (14, 2, 2)
    for name in ('curves.png', 'sensitivity.png', 'examples.jpg'):
        assert cv2.imread(str(out / name)).std() > 5, name
    with pytest.raises(SystemExit, match='stress_test: .*seed: 0 there, 1 here'):
        run(*common, '--seed', '1')


def test_a_model_that_sees_no_pictures(run, repo_root, synth_oc, tmp_path):
    out, config = tmp_path / 'out', repo_root / 'configs/dpmesh_synth_oc_small_keypoints.py'
    options = ('--samples', '2', '--map-samples', '0', '--sweeps', 'keypoint_jitter')
    root = ('--cfg-options', f'data_root={synth_oc}')
    run('none', '--out', out, *options, *root, config=config)
    assert list(json.loads((out / 'stress.json').read_text())['sweeps']) == ['keypoint_jitter']
    assert cv2.imread(str(out / 'examples.jpg')).std() > 5


def test_what_the_user_mistypes(run, tmp_path):
    with pytest.raises(SystemExit, match="unknown sweep 'rain'; known: occluder_rectangle"):
        run('none', '--out', tmp_path, '--sweeps', 'rain')
    with pytest.raises(SystemExit, match=r'stress_test: .*nowhere\.pth'):
        run(tmp_path / 'nowhere.pth', '--out', tmp_path)
    with pytest.raises(SystemExit, match=r'stress_test: .*nowhere\.npz'):
        run(tmp_path / 'nowhere.npz', '--out', tmp_path)
