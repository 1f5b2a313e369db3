"""The published training in less memory and time: rounded where mixed precision rounds anyway.

Every layer of the backbone is computed again in the backward pass. Weights that are trained and the
state of the optimiser stay in float32.
"""

_base_ = './dpmesh_train.py'

model = dict(backbone=dict(gradient_checkpointing=True))
optim_wrapper = dict(dtype='bfloat16', optimizer=dict(fused=True))
default_hooks = dict(
    speed=dict(type='TrainingSpeedHook', channels_last=True, frozen_dtype='bfloat16')
)
