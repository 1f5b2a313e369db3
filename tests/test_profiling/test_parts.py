import pytest
from torch import nn

from dpmesh_plugin.profiling import count_parameters, parts_of
from dpmesh_plugin.profiling.parts import calls_of
from dpmesh_plugin.registry import MODELS

PUBLISHED = ['VAE', 'UNet', 'control branch', 'neck', 'head', 'body model']


@pytest.fixture
def tiny_model(tiny_config):
    return MODELS.build(tiny_config)


def test_parts_of_the_published_design(tiny_model):
    parts = parts_of(tiny_model)
    assert [part.name for part in parts] == PUBLISHED
    for part in parts:
        assert list(calls_of(tiny_model, part)), part.name


def test_an_absent_branch_is_no_part(tiny_config):
    tiny_config['backbone']['controlnet'] = None
    tiny_config['backbone']['trainable'] = ('lora',)
    names = [part.name for part in parts_of(MODELS.build(tiny_config))]
    assert names == [name for name in PUBLISHED if name != 'control branch']


def test_another_backbone_is_one_part(plain_model):
    names = [part.name for part in parts_of(plain_model)]
    assert names == ['backbone', 'neck', 'head', 'body model']


def test_parameters_by_hand(plain_model):
    counts = count_parameters(plain_model, parts_of(plain_model))
    assert (counts['backbone'].total, counts['backbone'].trainable) == (4 * 3 * 9, 0)
    assert (counts['neck'].total, counts['neck'].trainable) == (4 * 8 + 8, 4 * 8 + 8)
    assert counts['head'].total == 8 * 6 + 6
    assert counts['body model'].total == 6 * 6 + 6


def test_trainable_parameters_are_those_with_gradients(tiny_model):
    counts = count_parameters(tiny_model, parts_of(tiny_model))
    lora = [
        parameter.numel()
        for name, parameter in tiny_model.backbone.unet.named_parameters()
        if '.lora_' in name
    ]
    assert counts['VAE'].trainable == 0
    assert counts['UNet'].trainable == sum(lora)
    assert counts['control branch'].trainable == counts['control branch'].total
    assert counts['body model'].trainable == 0
    assert sum(count.total for count in counts.values()) == sum(
        parameter.numel() for parameter in tiny_model.parameters()
    )


def test_what_is_no_estimator_is_refused(plain_model):
    with pytest.raises(ValueError, match='got Linear without backbone, neck, head'):
        parts_of(nn.Linear(1, 1))
    plain_model.extra = nn.Linear(1, 1)
    with pytest.raises(ValueError, match='parameter extra.weight belongs to no part'):
        count_parameters(plain_model, parts_of(plain_model))
