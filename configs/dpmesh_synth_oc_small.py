"""The small DPMesh that comes with the package, trained on SynthOC.

The backbone starts from the prior of pretrain/prior_small.py, neck and head from
dpmesh_synth_oc_small_keypoints.py. The scenes vary enough by themselves: they are only mirrored,
scaled and cropped anew.
"""

_base_ = [
    './_base_/models/dpmesh_small.py',
    './_base_/datasets/synth_oc.py',
    './_base_/schedules/dpmesh_small.py',
    './_base_/default_runtime.py',
]

prior = dict(type='PretrainedParts', checkpoint='data/prior/dpmesh_small.pth', parts=('backbone',))
keypoints = 'work_dirs/dpmesh_synth_oc_small_keypoints_again/epoch_10.pth'
model = dict(init_cfg=[prior, dict(type='Pretrained', checkpoint=keypoints)])

crop = dict(type='TopdownAffine', absent_keypoints='zero', input_size=(128, 128))
mirror = dict(type='RandomScaleRotateFlip', scale=0.1, rotation_prob=0.0)
train_pipeline = [
    dict(TopdownAffine=crop, RandomScaleRotateFlip=mirror).get(step['type'], step)
    for step in _base_.train_pipeline
    if step['type'] != 'RectangleOcclusion'
]
test_pipeline = [crop if step['type'] == 'TopdownAffine' else step for step in _base_.test_pipeline]
del crop, mirror, prior, keypoints

train_dataloader = dict(
    batch_size=16, num_workers=0, persistent_workers=False, dataset=dict(pipeline=train_pipeline)
)
val_dataloader = dict(batch_size=50, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(batch_size=50, dataset=dict(pipeline=test_pipeline))
val_evaluator = dict(body_model=_base_.body_model)
test_evaluator = dict(body_model=_base_.body_model)
default_hooks = dict(checkpoint=dict(save_best='MPJPE'))
randomness = dict(seed=1)
