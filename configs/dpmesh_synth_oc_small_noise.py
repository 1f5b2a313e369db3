"""The small DPMesh trained on with larger errors of keypoints, as noisy key-point reasoning is."""

_base_ = './dpmesh_synth_oc_small.py'

model = dict(init_cfg=None)
load_from = 'work_dirs/dpmesh_synth_oc_small/epoch_16.pth'
train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(type='KeypointJitter', sigma=(0.0, 0.08), drop_prob=0.1),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

train_cfg = dict(max_epochs=4, val_interval=4)
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], end=4)]
