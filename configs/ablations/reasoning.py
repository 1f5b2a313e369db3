"""Noisy key-point reasoning: the average of the student teaches it from the true joints."""

_base_ = './base.py'

model = dict(
    type='MeshDistiller',
    teacher=dict(type='EMATeacher', momentum=0.001),
    distillation=dict(
        fused=dict(type='MapDistanceLoss'),
        volume=dict(type='MapDistanceLoss'),
        attention=dict(type='MapDivergenceLoss'),
    ),
)
train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(type='CleanPrompt'),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
default_hooks = dict(teacher=dict(type='TeacherHook'))
