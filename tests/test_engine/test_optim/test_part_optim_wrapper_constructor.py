import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn


@pytest.fixture
def model():
    """Parts under the names of an estimator."""
    weighting = nn.ParameterDict({'params': torch.ones(2)})
    lora = nn.ModuleDict({'base_layer': nn.Linear(2, 2), 'lora_A': nn.Linear(2, 1)})
    lora.base_layer.requires_grad_(False)
    parts = {
        'backbone': nn.ModuleDict({'unet': lora, 'controlnet': nn.Linear(2, 2)}),
        'neck': nn.ModuleDict({'fuse': nn.Linear(2, 2)}),
        'head': nn.ModuleDict(
            {'out': nn.Linear(2, 2), 'objective': nn.ModuleDict({'weighting': weighting})}
        ),
    }
    return nn.ModuleDict(parts)


def build(model, paramwise=None, **optimizer):
    config = {
        'type': 'MeshOptimWrapper',
        'constructor': 'PartOptimWrapperConstructor',
        'optimizer': {'type': 'AdamW', 'lr': 1e-4, 'weight_decay': 0.01, **optimizer},
        'paramwise_cfg': paramwise,
    }
    return build_optim_wrapper(model, config)


def test_every_trained_part_is_a_group(model):
    wrapper = build(model, {'head': {'lr_mult': 10.0}, 'lora': {'decay_mult': 0.5}})
    groups = {group['name']: group for group in wrapper.optimizer.param_groups}
    assert list(groups) == ['lora', 'controlnet', 'neck', 'head', 'loss_weights']
    assert sum(each.numel() for each in groups['lora']['params']) == 3
    rates = {name: group['lr'] for name, group in groups.items()}
    assert rates == dict.fromkeys(groups, 1e-4) | {'head': pytest.approx(1e-3)}
    decays = {name: group['weight_decay'] for name, group in groups.items()}
    assert decays == dict.fromkeys(groups, 0.01) | {'lora': 0.005, 'loss_weights': 0.0}
    assert not groups['loss_weights']['clip']
    assert 'clip' not in groups['neck']


def test_options_of_a_part_that_is_not_trained_are_refused(model):
    with pytest.raises(KeyError, match='options for unet, .* are lora, controlnet, neck, head'):
        build(model, {'unet': {'lr_mult': 0.1}})
    with pytest.raises(ValueError, match='no parameter is trained'):
        build(model.requires_grad_(False))
