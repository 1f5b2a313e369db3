"""Backbone: ResNet-50."""

_base_ = './base.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='ImageBackbone',
        body=dict(
            type='TorchvisionFeatures',
            model='resnet50',
            nodes=('layer1', 'layer2', 'layer3', 'layer4'),
        ),
    )
)
find_unused_parameters = True  # nothing reads the keypoint tokens
