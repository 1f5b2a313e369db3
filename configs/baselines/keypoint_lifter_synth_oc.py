"""Keypoint-only lifter: a perceptron from the keypoint prompt to the 14 joints of the metric.

Martinez et al., ICCV 2017, on the same scenes and under the same protocol as the small DPMesh.
"""

_base_ = [
    '../_base_/datasets/synth_oc_keypoints.py',
    '../_base_/schedules/dpmesh_20e.py',
    '../_base_/default_runtime.py',
]

body_model = dict(type='SMPL', genders=('neutral', 'male', 'female'))
model = dict(type='KeypointLifter', body_model=body_model)
val_evaluator = dict(body_model=body_model)
test_evaluator = dict(body_model=body_model)

train_cfg = dict(max_epochs=60, val_interval=10)
optim_wrapper = dict(optimizer=dict(lr=2e-3, weight_decay=0.01), clip_grad=None)
param_scheduler = dict(type='CosineAnnealingLR', begin=0, end=60, convert_to_iter_based=True)
default_hooks = dict(
    checkpoint=dict(interval=10, max_keep_ckpts=1, save_best='MPJPE'), logger=dict(interval=20)
)
