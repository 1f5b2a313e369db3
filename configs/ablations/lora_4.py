"""LoRA: rank 4 in the UNet of the trained prior, which stays as it is."""

_base_ = './backbone_prior.py'

model = dict(
    backbone=dict(lora=dict(_delete_=True, rank=4), trainable=('lora', 'controlnet')),
    init_cfg=dict(checkpoint='data/prior/dpmesh_tiny_lora_4.pth'),
)
