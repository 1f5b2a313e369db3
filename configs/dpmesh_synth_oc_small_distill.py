"""The small DPMesh with noisy key-point reasoning, the average of the student as teacher.

To the errors of the detector come larger ones; the teacher sees the true joints.
"""

_base_ = './dpmesh_synth_oc_small_noise.py'

model = dict(
    type='MeshDistiller',
    init_cfg=dict(checkpoint='work_dirs/dpmesh_synth_oc_small_aligned_distill/epoch_2.pth'),
    teacher=dict(type='EMATeacher', momentum=0.002),
    distillation=dict(
        fused=dict(type='MapDistanceLoss', distance='l2', factor=0.1),
        volume=dict(type='MapDistanceLoss', distance='l2'),
        attention=dict(type='MapDivergenceLoss'),
    ),
)
