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
