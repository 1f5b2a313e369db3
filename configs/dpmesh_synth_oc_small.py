"""The small DPMesh that comes with the package, trained on SynthOC.

It starts with neck and head of dpmesh_synth_oc_small_keypoints.py. The scenes vary enough by
themselves: they are only mirrored, scaled and cropped anew.
"""

_base_ = [
    './_base_/models/dpmesh_small.py',
    './_base_/datasets/synth_oc.py',
    './_base_/schedules/dpmesh_20e.py',
    './_base_/default_runtime.py',
]

crop = dict(type='TopdownAffine', absent_keypoints='zero', input_size=(128, 128))
mirror = dict(type='RandomScaleRotateFlip', scale=0.1, rotation_prob=0.0)
train_pipeline = [
    dict(TopdownAffine=crop, RandomScaleRotateFlip=mirror).get(step['type'], step)
    for step in _base_.train_pipeline
    if step['type'] != 'RectangleOcclusion'
]
test_pipeline = [crop if step['type'] == 'TopdownAffine' else step for step in _base_.test_pipeline]
del crop, mirror

train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=50, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(batch_size=50, dataset=dict(pipeline=test_pipeline))
val_evaluator = dict(body_model=_base_.body_model)
test_evaluator = dict(body_model=_base_.body_model)

train_cfg = dict(max_epochs=2)
optim_wrapper = dict(optimizer=dict(lr=4e-4, weight_decay=0.01, fused=True))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', begin=0, end=2, eta_min=1e-5, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(save_best='MPJPE'), strict_load=dict(strict=False))
load_from = 'work_dirs/dpmesh_synth_oc_small_keypoints/epoch_5.pth'
