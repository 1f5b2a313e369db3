"""Backbone: ViT-S/16, whose only map has stride 16."""

_base_ = './base.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='ImageBackbone',
        body=dict(
            type='TorchvisionFeatures',
            model='VisionTransformer',
            nodes=('encoder',),
            layout='tokens',
            options=dict(
                image_size=256,
                patch_size=16,
                num_layers=12,
                num_heads=6,
                hidden_dim=384,
                mlp_dim=1536,
            ),
        ),
    )
)
find_unused_parameters = True  # nothing reads the keypoint tokens
