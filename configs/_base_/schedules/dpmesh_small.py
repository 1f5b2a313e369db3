"""AdamW with a short warm-up and a cosine, in bfloat16 where it pays, for the small model.

With ``default_hooks.speed.compile.dynamic=False`` the parts of the model are compiled, where torch
finds a C++ compiler. For N epochs set the end of the cosine as well, or those after the first keep
its last rate: ``--cfg-options train_cfg.max_epochs=N param_scheduler.1.end=N``.
"""

_base_ = './dpmesh_20e.py'

train_cfg = dict(max_epochs=1)
optim_wrapper = dict(
    dtype='auto',
    optimizer=dict(lr=3e-4, weight_decay=0.01, fused=True),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', begin=0, end=1, eta_min_ratio=0.033, convert_to_iter_based=True),
]
