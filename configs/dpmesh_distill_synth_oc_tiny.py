"""Noisy key-point reasoning at small size on SynthOC, with the average of the student as teacher.

The student sees the keypoints of an imitated detector, the teacher the true ones.
"""

_base_ = './dpmesh_synth_oc_tiny.py'

model = dict(
    type='MeshDistiller',
    teacher=dict(type='EMATeacher', momentum=0.01),
    distillation=dict(
        fused=dict(type='MapDistanceLoss', distance='l2'),
        volume=dict(type='MapDistanceLoss', distance='l2'),
        attention=dict(type='MapDivergenceLoss'),
    ),
)
