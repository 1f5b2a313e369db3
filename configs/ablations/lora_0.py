"""LoRA: rank 0, the UNet stays as it is given."""

_base_ = './base.py'

model = dict(backbone=dict(trainable=('vae', 'controlnet')))
