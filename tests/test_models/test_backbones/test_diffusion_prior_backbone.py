import ast
import inspect
from pathlib import Path

import pytest
import torch
from torch import nn

import dpmesh_plugin
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import Condition


@pytest.fixture
def backbone(small_config):
    """With values where training would have put some: adapters and control start at zero."""
    torch.manual_seed(0)
    backbone = MODELS.build(small_config).eval()
    for name, parameter in backbone.named_parameters():
        if '.lora_B.' in name or 'controlnet_down' in name or 'controlnet_mid' in name:
            nn.init.normal_(parameter, std=0.1)
    return backbone


def assert_same(output, expected, **tolerance):
    maps = zip(
        [*output.features, *output.attention],
        [*expected.features, *expected.attention],
        strict=True,
    )
    for got, wanted in maps:
        torch.testing.assert_close(got, wanted, **tolerance)


@torch.no_grad()
def test_states_what_it_returns(backbone, images, condition):
    output = backbone(images, condition)
    assert [each.shape[1] for each in output.features] == list(backbone.out_channels)
    assert [64 // each.shape[-1] for each in output.features] == list(backbone.out_strides)
    assert [64 // each.shape[-1] for each in output.attention] == list(backbone.attention_strides)
    assert backbone.out_channels == (8, 8, 16, 16)
    assert backbone.out_strides == (8, 16, 32, 64)
    for each in output.attention:
        torch.testing.assert_close(each.sum(dim=1), torch.ones(2, *each.shape[2:]))


@torch.no_grad()
def test_batch_equals_its_samples(backbone, images, condition):
    output = backbone(images, condition)
    for i in range(2):
        part = slice(i, i + 1)
        single = backbone(
            images[part], Condition(condition.heatmaps[part], condition.tokens[part], None)
        )
        for got, wanted in zip(single.features, output.features, strict=True):
            torch.testing.assert_close(got, wanted[part], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_condition_reaches_the_features_on_both_ways(backbone, images, condition):
    plain = backbone(images, condition).features[0]
    heatmaps = backbone(images, Condition(condition.heatmaps.flip(1), condition.tokens, None))
    tokens = backbone(images, Condition(condition.heatmaps, condition.tokens * 2, None))
    assert (heatmaps.features[0] - plain).abs().max() > 1e-3
    assert (tokens.features[0] - plain).abs().max() > 1e-3


def test_gradients_reach_the_trainable_parts_and_no_other(backbone, images, condition):
    output = backbone(images, condition)
    sum(each.square().mean() for each in [*output.features, *output.attention]).backward()
    for name, parameter in backbone.named_parameters():
        trains = '.lora_' in name or name.startswith('controlnet.')
        assert parameter.requires_grad == trains, name
        assert (parameter.grad is not None) == trains, name


@torch.no_grad()
def test_tapped_levels_are_a_choice(backbone, small_config, images, condition):
    chosen = MODELS.build({**small_config, 'feature_strides': (32, 16)}).eval()
    chosen.load_state_dict(backbone.state_dict())
    assert (chosen.out_channels, chosen.out_strides) == ((8, 16), (16, 32))
    output, all_levels = chosen(images, condition), backbone(images, condition)
    assert len(output.features) == 2
    for got, wanted in zip(output.features, all_levels.features[1:3], strict=True):
        assert torch.equal(got, wanted)
    assert len(output.attention) == len(all_levels.attention) == 2


@torch.no_grad()
def test_attention_maps_are_a_choice(backbone, small_config, images, condition):
    silent = MODELS.build({**small_config, 'attention_strides': ()}).eval()
    silent.load_state_dict(backbone.state_dict())
    output = silent(images, condition)
    assert output.attention == ()
    wanted = backbone(images, condition).features
    for got, other in zip(output.features, wanted, strict=True):
        torch.testing.assert_close(got, other, atol=1e-5, rtol=1e-4)


def test_all_parts_can_train(small_config, images, condition):
    backbone = MODELS.build({**small_config, 'trainable': ('vae', 'unet', 'lora', 'controlnet')})
    output = backbone(images, condition)
    sum(each.square().mean() for each in [*output.features, *output.attention]).backward()
    assert [name for name, p in backbone.named_parameters() if p.grad is None] == []


@torch.no_grad()
def test_merge_changes_the_weights_and_not_the_output(backbone, images, condition):
    before = backbone.state_dict()
    name = next(name for name in before if name.endswith('attn1.to_q.base_layer.weight'))
    weight = before[name].clone()
    expected = backbone(images, condition)
    backbone.merge()
    assert (backbone.get_parameter(name) - weight).abs().max() > 1e-3
    assert_same(backbone(images, condition), expected, atol=1e-4, rtol=1e-4)
    backbone.merge()
    backbone.unmerge()
    torch.testing.assert_close(backbone.get_parameter(name), weight, atol=1e-6, rtol=1e-5)
    assert_same(backbone(images, condition), expected, atol=1e-4, rtol=1e-4)


def test_merged_model_refuses_checkpoints(backbone):
    state = backbone.state_dict()
    backbone.merge()
    with pytest.raises(ValueError, match=r'call unmerge\(\) before saving'):
        backbone.state_dict()
    with pytest.raises(ValueError, match=r'call unmerge\(\) before saving'):
        nn.ModuleDict({'backbone': backbone}).load_state_dict(
            {f'backbone.{k}': v for k, v in state.items()}
        )


@torch.no_grad()
def test_range_of_the_image_and_scale_of_the_latent(small_config, images):
    torch.manual_seed(0)
    published = MODELS.build(small_config)
    torch.manual_seed(0)
    trained = MODELS.build({**small_config, 'image_range': (-1.0, 1.0), 'latent_scale': 0.5})
    moments = published.encode_image(images * 2 - 1)
    torch.testing.assert_close(trained.encode_image(images), moments)
    torch.testing.assert_close(trained.scale_latent(moments), moments[:, :4] * 0.5)
    torch.testing.assert_close(published.scale_latent(moments), moments[:, :4])


@torch.no_grad()
def test_without_control_and_adapters(small_config, images, condition):
    parts = {'controlnet': None, 'lora': None, 'attention_strides': (), 'trainable': ('unet',)}
    backbone = MODELS.build({**small_config, **parts}).eval()
    output = backbone(images, condition)
    assert output.attention == ()
    backbone.merge()
    assert_same(backbone(images, condition), output)


@torch.no_grad()
def test_half_precision(backbone, images, condition):
    backbone.unet.bfloat16()
    backbone.controlnet.bfloat16()
    assert backbone.encode_image(images).dtype == torch.float32
    assert backbone(images, condition).features[0].dtype == torch.bfloat16
    output = backbone.bfloat16()(images, condition)
    assert {each.dtype for each in [*output.features, *output.attention]} == {torch.bfloat16}
    assert all(each.isfinite().all() for each in output.features)


def test_first_values(small_config):
    torch.manual_seed(0)
    wide = {'block_out_channels': (64, 64, 64, 64)}
    backbone = MODELS.build({**small_config, 'unet': wide, 'lora': {'rank': 16}})
    down, up = (
        torch.cat([p.flatten() for name, p in backbone.named_parameters() if f'.lora_{x}.' in name])
        for x in 'AB'
    )
    assert down.std().item() == pytest.approx(1 / 16, rel=0.01)
    assert up.abs().max() == 0
    assert backbone.controlnet.controlnet_mid_block.weight.abs().max() == 0


def test_published_size_needs_no_memory_on_meta():
    parts = {'unet': {}, 'vae': {}, 'controlnet': {}, 'lora': {}}
    with torch.device('meta'):
        backbone = MODELS.build({'type': 'DiffusionPriorBackbone', **parts})
    sizes = {'vae.': 0, 'unet.': 0, 'controlnet.': 0, '.lora_': 0}
    for name, parameter in backbone.named_parameters():
        assert parameter.is_meta
        for part in sizes:
            if part in name:
                sizes[part] += parameter.numel()
    # Published: 34.2 M, 859.5 M + 19.9 M in 144 adapters, 360.3 M; less the unused output layers.
    assert sizes == {
        'vae.': 34_163_664,
        'unet.': 859_508_800 + 19_943_424,
        'controlnet.': 360_279_040,
        '.lora_': 19_943_424,
    }


def test_no_graph_break(small_config, images, condition):
    shallow = {'block_out_channels': (8, 8), 'layers_per_block': 1, 'cross_attention_dim': 24}
    backbone = MODELS.build(
        {
            **small_config,
            'unet': {**shallow, 'norm_num_groups': 4},
            'vae': {'block_out_channels': (8, 8), 'layers_per_block': 1, 'norm_num_groups': 4},
            'controlnet': None,
            'attention_strides': (2,),
            'trainable': ('lora',),
        }
    ).eval()
    crops = images[..., :16, :16]
    with torch.no_grad():
        output = torch.compile(backbone, backend='eager', fullgraph=True)(crops, condition)
        assert_same(output, backbone(crops, condition))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'unet': {'widths': (8,)}}, 'unet got widths; the keys it takes are block_out_channels'),
        ({'attention_strides': (64,)}, r'attention_strides has \[64\].* strides \[8, 16, 32\] px'),
        ({'feature_strides': (4, 8)}, r'feature_strides has \[4\].* \[8, 16, 32, 64\] px'),
        ({'trainable': ('head',)}, r'has the parts .*vae.*unet.*lora.*controlnet'),
        ({'lora': None}, r"trainable names \['lora'\]"),
    ],
)
def test_wrong_settings(small_config, change, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build({**small_config, **change})


def test_optional_libraries_are_imported_where_they_are_used():
    package = Path(inspect.getfile(dpmesh_plugin)).parent
    for path in [*package.glob('models/**/*.py'), *package.glob('converters/*.py')]:
        for node in ast.parse(path.read_text()).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or '')
            roots = {name.split('.')[0] for name in names}
            assert not roots & {'diffusers', 'peft', 'transformers', 'safetensors'}, path
