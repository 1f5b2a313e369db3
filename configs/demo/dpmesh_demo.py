"""The tiny DPMesh on a small SynthOC, trained in minutes by two processes. See ``make demo``.

The head starts at random: untrained it knows nothing. Few steps learn most from unvaried scenes.
"""

_base_ = '../dpmesh_synth_oc_tiny.py'

data_root = 'data/synth_oc_demo'

model = dict(
    backbone=dict(trainable=('unet', 'controlnet')),
    neck=dict(joint_drop=0.0),
    head=dict(start='random'),
)
train_pipeline = [
    step for step in _base_.train_pipeline if not step['type'].startswith(('Random', 'Rectangle'))
]
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='InfiniteEpochSampler', seed=0),
    dataset=dict(data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = val_evaluator = val_cfg = None  # the last checkpoint is taken
test_dataloader = dict(batch_size=20, dataset=dict(data_root=data_root))

train_cfg = dict(_delete_=True, by_epoch=False, max_iters=350)
optim_wrapper = dict(optimizer=dict(lr=3e-4, weight_decay=0.01, fused=True))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=35),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=35, end=350, eta_min=1e-5),
]
default_hooks = dict(
    checkpoint=dict(interval=175, by_epoch=False, max_keep_ckpts=1, save_best=None),
    logger=dict(interval=20),
    speed=dict(type='TrainingSpeedHook', channels_last=True),
)
log_processor = dict(by_epoch=False)
