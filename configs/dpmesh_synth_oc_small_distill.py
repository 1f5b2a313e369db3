"""The small DPMesh with noisy key-point reasoning, the average of the student as teacher.

To the errors of the detector come larger ones; the teacher sees the true joints.
"""

_base_ = './dpmesh_synth_oc_small.py'

model = dict(
    type='MeshDistiller',
    teacher=dict(type='EMATeacher', momentum=0.002),
    distillation=dict(
        fused=dict(type='MapDistanceLoss', distance='l2'),
        volume=dict(type='MapDistanceLoss', distance='l2'),
        attention=dict(type='MapDivergenceLoss'),
    ),
)
train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(type='KeypointJitter', sigma=0.03, drop_prob=0.1),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
