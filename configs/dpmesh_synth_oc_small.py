"""The small DPMesh that comes with the package, trained on SynthOC.

What it knows of keypoints comes from dpmesh_synth_oc_small_aligned.py and stays as it is.
"""

_base_ = [
    './_base_/models/dpmesh_small.py',
    './_base_/datasets/synth_oc_128.py',
    './_base_/schedules/dpmesh_small.py',
    './_base_/default_runtime.py',
]

model = dict(
    init_cfg=dict(
        type='PretrainedParts',
        checkpoint='work_dirs/dpmesh_synth_oc_small_aligned/epoch_2.pth',
        parts=('neck.embedding', 'head.readout', 'head.alignment'),
    ),
    head=dict(alignment=dict(type='KeypointAlignment', num_updates=3)),
    trainable=(
        *('backbone', 'auxiliary', 'neck.keypoint_lift', 'neck.norms', 'neck.branches'),
        *('neck.fuse', 'neck.map_scale', 'head.volume', 'head.image_transformer', 'head.decoder'),
        'head.*_regressor.*',
    ),
)
# In so few steps a head at the full rate learns noise, and corrects what is right.
optim_wrapper = dict(paramwise_cfg=dict(head=dict(lr_mult=0.01)))
val_evaluator = dict(body_model=_base_.body_model)
test_evaluator = dict(body_model=_base_.body_model)
default_hooks = dict(
    speed=dict(type='TrainingSpeedHook', channels_last=True),
    checkpoint=dict(max_keep_ckpts=1, save_best='MPJPE'),
)
randomness = dict(seed=1)
