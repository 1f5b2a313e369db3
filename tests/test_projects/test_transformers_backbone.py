import pytest
import torch

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.utils.config import load_config

CONFIGS = 'projects/transformers_backbone/configs'
TINY = {'hidden_size': 16, 'num_hidden_layers': 2, 'num_attention_heads': 2, 'image_size': 28}
TINY_DINOV2 = {
    'type': 'TransformersFeatures',
    'architecture': 'dinov2',
    'stages': ('stage2',),
    'side': 224,
    'options': TINY,
}


@pytest.fixture(autouse=True)
def _project(repo_root, monkeypatch):
    monkeypatch.syspath_prepend(str(repo_root))
    load_config(repo_root / CONFIGS / 'dinov2_small_synth_oc.py')


def test_plain_encoder_with_a_pyramid():
    pyramid = {'type': 'FeaturePyramid', 'in_channels': 16, 'out_channels': 8}
    body = {**TINY_DINOV2, 'pyramid': pyramid}
    backbone = MODELS.build({'type': 'ImageBackbone', 'body': body})
    assert backbone.out_channels == (8, 8, 8)
    assert backbone.out_strides == (8, 16, 32)
    output = backbone(torch.rand(2, 3, 256, 256), None)
    assert [each.shape[-1] for each in output.features] == [32, 16, 8]
    sum(each.sum() for each in output.features).backward()
    idle = [name for name, each in backbone.named_parameters() if each.grad is None]
    assert idle == ['body.encoder.embeddings.mask_token']  # of its pre-training only


def test_encoder_of_several_strides():
    options = {'image_size': 64, 'embed_dim': 8, 'depths': (1, 1), 'num_heads': (1, 2)}
    body = {
        'type': 'TransformersFeatures',
        'architecture': 'swinv2',
        'stages': ('stage1', 'stage2'),
        'options': {**options, 'window_size': 4},
    }
    backbone = MODELS.build({'type': 'ImageBackbone', 'body': body, 'input_size': 64})
    assert (backbone.out_channels, backbone.out_strides) == ((8, 16), (4, 8))


def test_weights_of_a_folder(tmp_path):
    first = MODELS.build(TINY_DINOV2)
    first.encoder.save_pretrained(tmp_path)
    second = MODELS.build({**TINY_DINOV2, 'options': None, 'weights': str(tmp_path)})
    images = torch.rand(1, 3, 256, 256)
    torch.testing.assert_close(second.eval()(images), first.eval()(images))


def test_what_the_user_mistypes(tmp_path):
    with pytest.raises(KeyError, match=r"no image encoder 'dino'; it has .*dinov2"):
        MODELS.build({**TINY_DINOV2, 'architecture': 'dino'})
    with pytest.raises(ValueError, match=r"has the stages \['stem', 'stage1', 'stage2'\]"):
        MODELS.build({**TINY_DINOV2, 'stages': ('stage9',)})
    with pytest.raises(FileNotFoundError, match='model.safetensors, found none at /.*nowhere'):
        MODELS.build({**TINY_DINOV2, 'weights': 'nowhere'})
    MODELS.build(TINY_DINOV2).encoder.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match='weights of dinov2, not of swinv2'):
        MODELS.build({**TINY_DINOV2, 'architecture': 'swinv2', 'weights': str(tmp_path)})


def test_the_config_trains_and_is_tested(train_and_test):
    body = 'model.backbone.body'
    options = [f'{body}.options.{name}={value}' for name, value in TINY.items()]
    options += [f'{body}.stages=[stage2]', f'{body}.pyramid.in_channels=16']
    output = train_and_test(f'{CONFIGS}/dinov2_small_synth_oc.py', *options)
    assert 'MPJPE' in output
