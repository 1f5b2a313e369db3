import pytest
import torch
from torch import nn

from dpmesh_plugin.engine.expected_parts import check_diffusion, check_estimator
from dpmesh_plugin.engine.hooks.training_speed_hook import keep_frozen_in
from dpmesh_plugin.engine.inference import compile_regions, optimize_for_inference
from dpmesh_plugin.registry import MODELS


@pytest.fixture
def lifter():
    return MODELS.build({'type': 'KeypointLifter', 'body_model': {'type': 'SMPL'}, 'width': 8})


@pytest.fixture
def estimator():
    """The parts that count, of the smallest kinds."""
    return nn.ModuleDict({name: nn.Linear(1, 1) for name in ('backbone', 'neck', 'head')})


@pytest.mark.parametrize('use', [check_estimator, optimize_for_inference, compile_regions])
def test_models_of_joints_are_no_estimators_of_three_parts(use, lifter):
    message = 'backbone, neck and head, got KeypointLifter without backbone, neck, head'
    with pytest.raises(ValueError, match=message):
        use(lifter)


def test_frozen_types_are_for_the_diffusion_backbone(lifter, estimator):
    check_estimator(estimator)
    message = 'frozen_dtype is for DiffusionPriorBackbone, got {}: leave it out'
    for model, found in ((lifter, 'KeypointLifter'), (estimator, 'Linear')):
        with pytest.raises(ValueError, match=message.format(found)):
            keep_frozen_in(model, torch.bfloat16)
    estimator['backbone'] = nn.ModuleDict({'unet': nn.Linear(1, 1)})
    check_diffusion(estimator, 'frozen_dtype')
