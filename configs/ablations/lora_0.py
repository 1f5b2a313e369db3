"""LoRA: rank 0, the UNet of the trained prior stays as it is."""

_base_ = './backbone_prior.py'

model = dict(backbone=dict(trainable=('controlnet',)))
