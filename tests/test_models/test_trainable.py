import pytest
import torch
from torch import nn

from dpmesh_plugin.models.trainable import choose, freeze_all_but, part_of, public_name
from dpmesh_plugin.registry import MODELS

NAMES = (
    'unet.conv_in.weight',
    'unet.up_blocks.0.to_q.base_layer.weight',
    'unet.up_blocks.0.to_q.lora_A.default.weight',
    'unet.up_blocks.1.norm.weight',
    'controlnet.conv_in.weight',
)


@pytest.mark.parametrize(
    ('names', 'positions'),
    [
        (('unet',), {0, 1, 3}),
        (('lora',), {2}),
        (('lora.up_blocks.0', 'controlnet.conv_in.weight'), {2, 4}),
        (('unet.up_blocks',), {1, 3}),
        (('*.norm.*',), {3}),
        ((), set()),
    ],
)
def test_names_cover_parameters(names, positions):
    assert choose(NAMES, names, 'this model') == {NAMES[i] for i in positions}


def test_a_name_that_covers_nothing_is_refused():
    message = r"trainable names \['conv'\], .* this model has the parts \['unet', 'lora', 'control"
    with pytest.raises(ValueError, match=message):
        choose(NAMES, ('unet', 'conv'), 'this model')


def test_a_text_is_no_list_of_names():
    with pytest.raises(TypeError, match=r"got the text 'unet'; on the command line \[unet\]"):
        choose(NAMES, 'unet', 'this model')


@pytest.mark.parametrize(
    ('name', 'part'),
    [
        ('backbone.unet.mid.to_q.lora_B.default.weight', 'lora'),
        ('backbone.unet.mid.to_q.base_layer.weight', 'unet'),
        ('backbone.layer1.conv.weight', 'backbone'),
        ('neck.fuse.0.weight', 'neck'),
        ('head.decoder.norm.weight', 'head'),
        ('head.objective.weighting.params', 'loss_weights'),
    ],
)
def test_parts(name, part):
    assert part_of(name) == part


def test_adapters_have_a_name_of_their_own():
    name = 'backbone.unet.up.0.lora_A.default.weight'
    assert public_name(name) == 'backbone.lora.up.0.lora_A.default.weight'


def test_what_is_frozen_stays_frozen():
    model = nn.ModuleDict({name: nn.Linear(2, 2) for name in ('neck', 'head', 'prior')})
    model['prior'].requires_grad_(False)
    freeze_all_but(model, ('neck', 'head.bias'), 'this model')
    trained = {name for name, each in model.named_parameters() if each.requires_grad}
    assert trained == {'neck.weight', 'neck.bias', 'head.bias'}
    with pytest.raises(ValueError, match=r"\['prior'\], which cover no parameter; of what its par"):
        freeze_all_but(model, ('neck', 'prior'), 'this model')


@pytest.fixture
def config():
    return {
        'type': 'DiffusionPriorBackbone',
        'unet': {'block_out_channels': (8, 8), 'norm_num_groups': 4, 'cross_attention_dim': 12},
        'vae': {'block_out_channels': (8, 8), 'norm_num_groups': 4},
        'controlnet': {},
        'lora': {'rank': 2},
        'attention_strides': (2,),
    }


def test_lora_targets_and_rank_are_config_entries(config):
    config['lora'] = {'rank': 3, 'targets': ('to_k', 'conv1')}
    backbone = MODELS.build(config)
    adapted = [name for name, _ in backbone.named_parameters() if '.lora_A.' in name]
    assert {name.split('.lora_A.')[0].rsplit('.', 1)[1] for name in adapted} == {'to_k', 'conv1'}
    assert {len(backbone.get_parameter(name)) for name in adapted} == {3}
    config['lora'] = {'targets': ('to_k', 'key')}
    with pytest.raises(ValueError, match=r"names 'key', with which no layer of the UNet ends"):
        MODELS.build(config)


def test_parts_and_layers_of_the_backbone_can_train(config):
    backbone = MODELS.build({**config, 'trainable': ('unet.up_blocks', 'lora.down_blocks')})
    for name, parameter in backbone.named_parameters():
        up = name.startswith('unet.up_blocks.') and '.lora_' not in name
        down = name.startswith('unet.down_blocks.') and '.lora_' in name
        assert parameter.requires_grad == (up or down), name
    assert not backbone.encoder_trains
    assert MODELS.build({**config, 'trainable': ('vae',)}).encoder_trains


def test_fingerprint_tells_encoders_apart(config):
    torch.manual_seed(0)
    backbone = MODELS.build(config)
    before = backbone.encoder_fingerprint()
    backbone.unet.conv_in.weight.data.add_(1)
    assert backbone.encoder_fingerprint() == before
    backbone.image_range = [0, 1]
    assert backbone.encoder_fingerprint() == before
    backbone.image_range = (-1.0, 1.0)
    assert backbone.encoder_fingerprint() != before
    backbone.image_range = (0.0, 1.0)
    backbone.vae.quant_conv.bias.data[0] += 1e-6
    assert backbone.encoder_fingerprint() != before
