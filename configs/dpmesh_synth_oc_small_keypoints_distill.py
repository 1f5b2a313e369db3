"""The first stage with noisy key-point reasoning: the teacher sees the true joints."""

_base_ = './dpmesh_synth_oc_small_keypoints_noise.py'

model = dict(
    type='MeshDistiller',
    teacher=dict(type='EMATeacher', momentum=0.002),
    distillation=dict(fused=dict(type='MapDistanceLoss', distance='l2', factor=0.1)),
)
