"""Noisy key-point reasoning: the published training beside a frozen teacher with true keypoints.

First the teacher: configs/dpmesh_train_clean.py. The student starts from it and sees the published
noise. The release does not contain this stage: terms and factors are ours. The last checkpoint is a
plain one: python tools/test.py configs/dpmesh_3dpw_oc.py work_dirs/dpmesh_distill/epoch_20.pth
"""

_base_ = './dpmesh_train.py'

load_from = 'work_dirs/dpmesh_train_clean/epoch_20.pth'
model = dict(
    type='MeshDistiller',
    teacher=dict(type='CheckpointTeacher', checkpoint=load_from),
    distillation=dict(
        fused=dict(type='MapDistanceLoss', distance='l2'),
        volume=dict(type='MapDistanceLoss', distance='l2'),
        attention=dict(type='MapDivergenceLoss'),
    ),
)
