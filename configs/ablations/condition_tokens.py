"""Condition: tokens only, in the cross-attention."""

_base_ = './base.py'

model = dict(
    backbone=dict(controlnet=None, trainable=('vae', 'unet')),
    neck=dict(inject_heatmaps=False),
)
