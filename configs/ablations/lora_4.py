"""LoRA: rank 4 in a UNet that stays as it is given."""

_base_ = './base.py'

model = dict(
    backbone=dict(lora=dict(_delete_=True, rank=4), trainable=('vae', 'lora', 'controlnet'))
)
