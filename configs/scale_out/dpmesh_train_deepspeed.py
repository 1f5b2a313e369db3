"""The published training (table 1) through DeepSpeed, where that is installed."""

_base_ = ['../dpmesh_train.py', '../_base_/strategies/deepspeed_zero2.py']

optim_wrapper = dict(
    _delete_=True,
    type='DeepSpeedOptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.0),
)
