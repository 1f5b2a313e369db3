"""DPMesh at its published size on encoded crops of SynthOC, in less memory and time.

With the switches of dpmesh_train_lean.py, and without an image encoder (dpmesh_synth_oc_cached.py).
"""

_base_ = './dpmesh_synth_oc_cached.py'

model = dict(backbone=dict(gradient_checkpointing=True))
optim_wrapper = dict(dtype='bfloat16', optimizer=dict(fused=True))
default_hooks = dict(
    speed=dict(type='TrainingSpeedHook', channels_last=True, frozen_dtype='bfloat16')
)
