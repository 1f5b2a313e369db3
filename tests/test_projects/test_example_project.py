import pytest
import torch

from dpmesh_plugin.registry import METRICS, MODELS
from dpmesh_plugin.structures import KeypointPrompt
from dpmesh_plugin.utils.config import load_config


@pytest.fixture
def model(repo_root, monkeypatch):
    monkeypatch.syspath_prepend(str(repo_root))
    configs = repo_root / 'projects' / 'example_project' / 'configs'
    return MODELS.build(load_config(configs / 'patch_backbone_synth_oc.py').model)


def test_a_backbone_from_outside_reaches_the_head(model):
    assert type(model.backbone).__name__ == 'PatchBackbone'
    prompt = KeypointPrompt(torch.rand(2, 30, 2) * 256, torch.ones(2, 30), torch.ones(2, 30))
    condition = model.neck.encode(prompt)
    output = model.backbone(torch.rand(2, 3, 256, 256), condition)
    assert [tuple(each.shape[1:]) for each in output.features] == [
        (32, 32, 32),
        (64, 16, 16),
        (128, 8, 8),
    ]
    fused = model.neck(output, condition)
    assert model.head(fused, torch.full((2,), 362.0)).vertices.shape == (2, 6890, 3)


def test_the_keypoints_reach_a_model_without_condition(model):
    images = torch.rand(1, 3, 256, 256)
    model.eval()
    fused = []
    for shift in (0, 64):
        keypoints = torch.full((1, 30, 2), 96.0 + shift)
        prompt = KeypointPrompt(keypoints, torch.ones(1, 30), torch.ones(1, 30))
        condition = model.neck.encode(prompt)
        fused.append(model.neck(model.backbone(images, condition), condition))
    assert not torch.allclose(*fused)


def test_bones_by_hand(model):  # which the config has imported
    metric = METRICS.build({'type': 'BoneLengthError', 'body_model': {'type': 'SMPL'}})
    truth = {
        'global_orient': torch.rand(1, 3),
        'body_pose': torch.rand(1, 23, 3),
        'betas': torch.zeros(1, 10),
    }
    joints = metric.body_model.keypoints(keypoint_set='dpmesh_30', **truth)
    samples = [
        {'gender': 'neutral', 'gt_instances': truth, 'pred_instances': {'joints': factor * joints}}
        for factor in (1.0, 1.5)
    ]
    metric.process(None, samples)
    half = metric.lengths(joints).mean() / 2
    assert metric.results == pytest.approx([0.0, 1000.0 * float(half)], abs=1e-3)
    assert metric.evaluate(2) == {'BoneLengthError': pytest.approx(500.0 * float(half), abs=1e-3)}


def test_the_config_trains_and_its_metric_is_shown(train_and_test):
    output = train_and_test('projects/example_project/configs/patch_backbone_synth_oc.py')
    assert 'MPJPE' in output
    assert 'BoneLengthError' in output
