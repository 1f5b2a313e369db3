"""Backbone: Swin-T."""

_base_ = './base.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='ImageBackbone',
        body=dict(
            type='TorchvisionFeatures',
            model='swin_t',
            nodes=('features.1', 'features.3', 'features.5', 'features.7'),
            layout='channels_last',
        ),
    )
)
find_unused_parameters = True  # nothing reads the keypoint tokens
