"""LoRA: rank 64 in the UNet of the trained prior, which stays as it is."""

_base_ = './backbone_prior.py'

model = dict(
    backbone=dict(lora=dict(_delete_=True, rank=64), trainable=('lora', 'controlnet')),
    init_cfg=dict(checkpoint='data/prior/dpmesh_tiny_lora_64.pth'),
)
