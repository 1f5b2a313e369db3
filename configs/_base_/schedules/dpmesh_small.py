"""AdamW with a short warm-up and a cosine, for the small model.

Neck and head know their part when training with images begins, and change slowly.
"""

_base_ = './dpmesh_20e.py'

train_cfg = dict(max_epochs=1)
optim_wrapper = dict(
    optimizer=dict(lr=4e-4, weight_decay=0.01, fused=True),
    paramwise_cfg=dict(neck=dict(lr_mult=0.25), head=dict(lr_mult=0.25)),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', begin=0, end=1, eta_min=1e-5, convert_to_iter_based=True),
]
