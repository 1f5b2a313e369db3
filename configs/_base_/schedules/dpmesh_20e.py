"""The published schedule: AdamW at a constant 1e-4 for 20 epochs, gradients clipped at norm 10.

One group of parameters for each trained part; the loss weights neither decay nor count in clipping.
``optim_wrapper.dtype``: float32 as published, bfloat16, float16 or auto.
"""

train_cfg = dict(type='ResumableEpochLoop', max_epochs=20)

optim_wrapper = dict(
    type='MeshOptimWrapper',
    constructor='PartOptimWrapperConstructor',
    dtype='float32',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.0),
    clip_grad=dict(max_norm=10.0),
)
auto_scale_lr = dict(enable=False, base_batch_size=64)
