"""The tiny DPMesh with a backbone from this project in the place of the diffusion prior.

It is tested by a metric of this project as well.
"""

_base_ = '../../../configs/dpmesh_synth_oc_tiny.py'

custom_imports = dict(imports=['projects.example_project.example_project'])

model = dict(backbone=dict(_delete_=True, type='PatchBackbone', channels=(32, 64, 128)))
test_evaluator = [
    _base_.test_evaluator,
    dict(type='BoneLengthError', body_model=_base_.body_model),
]
find_unused_parameters = True  # nothing reads the keypoint tokens
