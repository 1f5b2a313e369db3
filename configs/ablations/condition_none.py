"""Condition: none, neither tokens nor heatmaps follow the keypoints; they still place the crop."""

_base_ = './base.py'

model = dict(
    backbone=dict(controlnet=None, trainable=('vae', 'unet')),
    neck=dict(keypoint_tokens=False, inject_heatmaps=False),
)
