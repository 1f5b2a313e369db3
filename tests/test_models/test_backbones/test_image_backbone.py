import sys

import pytest
import torch
from torch import nn

from dpmesh_plugin.models import ImageBackbone
from dpmesh_plugin.registry import MODELS

ZOO = {
    '__init__.py': '',
    'registry.py': """
from mmengine.registry import MODELS as ROOT, Registry
MODELS = Registry('model', parent=ROOT, scope='tiny_zoo', locations=['tiny_zoo.models'])
""",
    'models.py': """
from torch import nn
from .registry import MODELS

@MODELS.register_module()
class Halves(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(3, channels, 4, stride=4)
        self.second = nn.Conv2d(channels, 2 * channels, 2, stride=2)
    def forward(self, images):
        fine = self.first(images)
        return [fine, self.second(fine)]
""",
}


def _torchvision(model, nodes, layout='channels_first', **options):
    body = {'type': 'TorchvisionFeatures', 'model': model, 'nodes': nodes, 'layout': layout}
    return {'type': 'ImageBackbone', 'body': {**body, 'options': options}, 'input_size': 64}


RESNET = _torchvision('resnet18', ('layer1', 'layer2', 'layer3', 'layer4'))
VIT = _torchvision(
    'VisionTransformer',
    ('encoder',),
    'tokens',
    image_size=64,
    patch_size=16,
    num_layers=1,
    num_heads=2,
    hidden_dim=8,
    mlp_dim=8,
)
SWIN = _torchvision(
    'SwinTransformer',
    ('features.1', 'features.3'),
    'channels_last',
    patch_size=[4, 4],
    embed_dim=8,
    depths=[1, 1],
    num_heads=[1, 2],
    window_size=[4, 4],
)


@pytest.mark.parametrize(
    ('config', 'channels', 'strides'),
    [
        (RESNET, (64, 128, 256, 512), (4, 8, 16, 32)),
        (VIT, (8,), (16,)),
        (SWIN, (8, 16), (4, 8)),
    ],
    ids=['resnet', 'vit', 'swin'],
)
def test_states_what_it_returns(config, channels, strides):
    backbone = MODELS.build(config).eval()
    assert backbone.out_channels == channels
    assert backbone.out_strides == strides
    images = torch.rand(2, 3, 64, 64)
    output = backbone(images, None)
    assert [tuple(each.shape[1:]) for each in output.features] == [
        (width, 64 // stride, 64 // stride) for width, stride in zip(channels, strides, strict=True)
    ]
    assert output.attention == ()
    alone = backbone(images[1:], None)
    torch.testing.assert_close(alone.features[-1], output.features[-1][1:], atol=1e-5, rtol=1e-4)
    sum(each.square().mean() for each in output.features).backward()
    assert [name for name, each in backbone.named_parameters() if each.grad is None] == []


def test_measuring_changes_nothing():
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 4, 8, stride=8), nn.BatchNorm2d(4))
    before = {name: each.clone() for name, each in body.state_dict().items()}
    backbone = ImageBackbone(body=body)
    assert (backbone.out_channels, backbone.out_strides) == ((4,), (8,))
    assert body.training
    for name, each in body.state_dict().items():
        torch.testing.assert_close(each, before[name])


def test_images_are_normalised():
    backbone = ImageBackbone(body=nn.AvgPool2d(2), mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 2.0))
    (feature,) = backbone(torch.ones(1, 3, 2, 2), None).features
    assert feature.flatten().tolist() == [1, 3, 0.5]


def test_sizes_reach_the_neck_which_injects_the_heatmaps(make_samples, tiny_head):
    torch.manual_seed(0)
    vit = {**VIT, 'input_size': 256}
    vit['body'] = {**VIT['body'], 'options': {**VIT['body']['options'], 'image_size': 256}}
    model = MODELS.build(
        {
            'type': 'MeshEstimator',
            'backbone': vit,
            'neck': {'type': 'KeypointConditionNeck', 'out_channels': 12, 'out_stride': 64},
            'head': tiny_head,
        }
    )
    assert model.neck.inject_heatmaps
    losses = model(torch.rand(2, 3, 256, 256), make_samples(2), mode='loss')
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    trained = {name: each for name, each in model.named_parameters() if each.requires_grad}
    still = [name for name, each in trained.items() if each.grad is None]
    assert still == ['neck.keypoint_lift.weight', 'neck.keypoint_lift.bias']


def test_a_backbone_from_the_registry_of_another_package(tmp_path, monkeypatch):
    package = tmp_path / 'tiny_zoo'
    package.mkdir()
    for name, text in ZOO.items():
        (package / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    backbone = ImageBackbone(body={'type': 'tiny_zoo.Halves', 'channels': 6}, input_size=64)
    assert 'tiny_zoo.models' in sys.modules
    assert (backbone.out_channels, backbone.out_strides) == ((6, 12), (4, 8))
    with pytest.raises(KeyError, match='Thirds'):
        ImageBackbone(body={'type': 'tiny_zoo.Thirds'})


def test_a_package_that_is_not_there():
    with pytest.raises(ImportError, match=r"'absent_zoo.Net' needs .* pip install absent_zoo"):
        ImageBackbone(body={'type': 'absent_zoo.Net'})


def test_maps_that_do_not_fit():
    with pytest.raises(ValueError, match=r'maps \[\(3, 36, 36\)\].* of 256 px'):
        ImageBackbone(body=nn.AvgPool2d(7))
    with pytest.raises(ValueError, match=r'strides \[8, 4\] px: name its nodes finest first'):
        MODELS.build(_torchvision('resnet18', ('layer2', 'layer1')))
