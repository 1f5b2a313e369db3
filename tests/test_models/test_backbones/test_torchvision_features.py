import pytest
import torch

from dpmesh_plugin.models.backbones.torchvision_features import as_map
from dpmesh_plugin.registry import MODELS

VIT = {
    'type': 'TorchvisionFeatures',
    'model': 'VisionTransformer',
    'nodes': ('encoder',),
    'layout': 'tokens',
    'options': {
        'image_size': 64,
        'patch_size': 16,
        'num_layers': 1,
        'num_heads': 2,
        'hidden_dim': 8,
        'mlp_dim': 8,
    },
}


def test_tokens_are_a_class_token_and_rows_of_patches():
    tokens = torch.arange(5.0).view(1, 5, 1)
    assert as_map(tokens, 'tokens')[0, 0].tolist() == [[1, 2], [3, 4]]


def test_channels_last_by_hand():
    features = torch.arange(24.0).view(1, 2, 3, 4)
    assert as_map(features, 'channels_last')[0, 3, 1, 2] == features[0, 1, 2, 3]


@torch.no_grad()
def test_a_patch_of_a_vit_stays_in_its_place():
    torch.manual_seed(0)
    model = MODELS.build(VIT).eval()
    for name, each in model.named_parameters():
        if 'out_proj' in name:  # without attention a patch reaches its own cell only
            each.zero_()
    image = torch.zeros(1, 3, 64, 64)
    image[:, :, 16:32, 32:48] = torch.rand(3, 16, 16)
    changed = (model(image)[0] - model(torch.zeros_like(image))[0]).abs().amax(dim=1)[0]
    assert changed.nonzero().tolist() == [[1, 2]]


def test_unused_layers_are_left_out():
    model = MODELS.build(
        {'type': 'TorchvisionFeatures', 'model': 'resnet18', 'nodes': ('layer1', 'layer2')}
    )
    names = {name.split('.')[1] for name, _ in model.named_parameters()}
    assert names == {'conv1', 'bn1', 'layer1', 'layer2'}


def test_wrong_names():
    resnet = {'type': 'TorchvisionFeatures', 'model': 'resnet18', 'nodes': ('layer1',)}
    with pytest.raises(KeyError, match=r"no model 'resnet5'; it has .*resnet50"):
        MODELS.build({**resnet, 'model': 'resnet5'})
    with pytest.raises(ValueError, match='layer9'):
        MODELS.build({**resnet, 'nodes': ('layer9',)})
    with pytest.raises(ValueError, match='nodes is empty'):
        MODELS.build({**resnet, 'nodes': ()})
    with pytest.raises(ValueError, match="got 'rows'"):
        MODELS.build({**resnet, 'layout': 'rows'})
