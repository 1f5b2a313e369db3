"""The first stage of the small DPMesh, trained on with larger errors of keypoints."""

_base_ = './dpmesh_synth_oc_small_keypoints.py'

load_from = 'work_dirs/dpmesh_synth_oc_small_keypoints/epoch_60.pth'
train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(type='KeypointJitter', sigma=(0.0, 0.08), drop_prob=0.1),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(views=6, dataset=dict(pipeline=train_pipeline)))

train_cfg = dict(max_epochs=30)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=30, eta_min_ratio=0.01),
]
