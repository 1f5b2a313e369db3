import pytest
import torch

from dpmesh_plugin.engine.inference import (
    compile_regions,
    optimize_for_inference,
    set_compiled,
)
from dpmesh_plugin.engine.packed_layers import PackedConv2d
from dpmesh_plugin.profiling import random_batch
from dpmesh_plugin.registry import MODELS

TRANSFORMER = {'num_layers': 1, 'num_heads': 2, 'feedforward_channels': 16}
CONFIG = {
    'type': 'MeshEstimator',
    'backbone': {
        'type': 'DiffusionPriorBackbone',
        'unet': {
            'block_out_channels': (8, 8, 8, 8),
            'layers_per_block': 1,
            'cross_attention_dim': 8,
            'attention_head_dim': 2,
            'norm_num_groups': 4,
        },
        'vae': {'block_out_channels': (4, 4, 4, 4), 'layers_per_block': 1, 'norm_num_groups': 4},
        'controlnet': {},
        'lora': {'rank': 2},
    },
    'neck': {'type': 'KeypointConditionNeck', 'out_channels': 16},
    'head': {
        'type': 'SMPLTokenHead',
        'body_model': {'type': 'SMPL'},
        'pose_decoder': {'type': 'VPoserDecoder', 'latent_dim': 4, 'hidden_dim': 8},
        'volume': {'type': 'FeatureVolume', 'channels': 8, **TRANSFORMER},
        'image_transformer': {'type': 'ImageTransformer', **TRANSFORMER},
        'decoder': {'type': 'TokenDecoder', **TRANSFORMER},
    },
}


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = MODELS.build(CONFIG)
    for name, parameter in model.named_parameters():
        if '.lora_B.' in name or 'controlnet_' in name:
            torch.nn.init.normal_(parameter, std=0.1)
        if '_regressor.' in name and name.endswith('weight'):
            torch.nn.init.normal_(parameter, std=0.05)
    return model.eval()


@torch.no_grad()
def _vertices(model: torch.nn.Module) -> torch.Tensor:
    return model(**model.data_preprocessor(random_batch(2)), mode='tensor').vertices


def test_rounding_is_all_that_changes(model):
    before = _vertices(model)
    assert optimize_for_inference(model, channels_last=True, merge_lora=True) is model
    torch.testing.assert_close(_vertices(model), before, atol=1e-4, rtol=0)
    assert model.backbone.merged
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    weight = model.backbone.unet.down_blocks[0].resnets[0].conv1.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_an_embedding_and_an_alignment_stay_in_single_precision():
    neck = {**CONFIG['neck'], 'embedding': {'type': 'PromptEmbedding', 'width': 8}}
    head = {**CONFIG['head'], 'alignment': {'type': 'KeypointAlignment'}, 'start': 'readout'}
    model = MODELS.build({**CONFIG, 'neck': neck, 'head': head}).eval()
    data = model.data_preprocessor(random_batch(2))

    def vertices():
        with torch.no_grad():
            found = model(**data, mode='predict')
        return torch.cat([sample.pred_instances.vertices for sample in found])

    before = vertices()
    optimize_for_inference(model, dtype=torch.bfloat16)
    torch.testing.assert_close(vertices(), before, atol=0.02, rtol=0)


@pytest.mark.parametrize('merge_lora', [True, False])
def test_packed_weights_give_the_same(model, merge_lora):
    before = _vertices(model)
    optimize_for_inference(model, merge_lora=merge_lora, channels_last=True, pack_weights=True)
    torch.testing.assert_close(_vertices(model), before, atol=1e-4, rtol=0)
    assert isinstance(model.backbone.vae.quant_conv, PackedConv2d)
    assert model.backbone.vae.quant_conv.weight.is_mkldnn


def test_packing_and_compiling_exclude_each_other(model):
    with pytest.raises(ValueError, match='choose one of the two'):
        optimize_for_inference(model, pack_weights=True, compile=True)


def test_head_and_body_stay_in_float32(model):
    before = _vertices(model)
    optimize_for_inference(model, dtype=torch.bfloat16)
    types = {name.split('.')[0]: value.dtype for name, value in model.named_parameters()}
    assert types == {
        'backbone': torch.bfloat16,
        'neck': torch.bfloat16,
        'head': torch.float32,
    }
    after = _vertices(model)
    assert after.dtype == torch.float32
    assert 0 < (after - before).norm(dim=-1).max() < 0.1


def test_regions_are_compiled_one_by_one(model):
    compile_regions(model, backend='eager')
    regions = {'encode_image', 'control_residuals', 'unet_features'}
    assert regions < set(vars(model.backbone))
    assert 'forward' not in vars(model.backbone)


def test_neck_and_head_compile_without_a_break(model):
    before = _vertices(model)
    compile_regions(model, backend='eager', fullgraph=True)
    for region in ('encode_image', 'control_residuals', 'unet_features'):
        del vars(model.backbone)[region]
    torch.testing.assert_close(_vertices(model), before, atol=1e-5, rtol=0)


def test_compiled_regions_can_be_left_and_entered_again(model):
    regions = compile_regions(model, backend='eager')
    set_compiled(regions, on=False)
    assert 'encode_image' not in vars(model.backbone)
    set_compiled(regions, on=True)
    assert {vars(owner)[method] for owner, method, _ in regions} == {each[2] for each in regions}
