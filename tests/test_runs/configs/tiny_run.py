"""A run of seconds: real data, sampler, losses, metric and hooks around a few small layers."""

_base_ = '../../../configs/dpmesh_synth_oc_tiny.py'

custom_imports = dict(imports=['projects.example_project.example_project', 'run_parts'])

body_model = dict(type='SMPL', genders=('neutral',))
visualizer = dict(_delete_=True, type='Visualizer')
model = dict(
    backbone=dict(_delete_=True, type='PatchBackbone', channels=(4, 8, 8), patch_size=8),
    neck=dict(out_channels=16, joint_drop=0.0),
    head=dict(
        body_model=body_model,
        volume=dict(channels=8, num_heads=2, feedforward_channels=16),
        image_transformer=dict(num_layers=1, num_heads=2, feedforward_channels=16),
        decoder=dict(num_layers=2, num_heads=2, feedforward_channels=16),
    ),
)

train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(type='CleanPrompt'),
    dict(type='Poison', sample_idx=None),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='InfiniteEpochSampler'),
    dataset=dict(pipeline=train_pipeline),
)
val_dataloader = dict(num_workers=0)
test_dataloader = dict(num_workers=0)

train_cfg = dict(_delete_=True, by_epoch=False, max_iters=5, val_interval=100)
# Adam moves weights without a gradient, such as biases before a normalisation, by the rounding
# error of it; with this eps by next to nothing.
optim_wrapper = dict(optimizer=dict(eps=1e-6))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=10)]
default_hooks = dict(checkpoint=dict(interval=2, by_epoch=False), logger=dict(interval=1))
custom_hooks = [dict(type='RecordLosses')]
log_processor = dict(by_epoch=False)
find_unused_parameters = True  # the backbone takes no tokens
