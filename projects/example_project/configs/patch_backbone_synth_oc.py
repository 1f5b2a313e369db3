"""The small DPMesh with a backbone from this project in the place of the diffusion prior."""

_base_ = '../../../configs/dpmesh_synth_oc_tiny.py'

custom_imports = dict(imports=['projects.example_project.example_project'])

model = dict(backbone=dict(_delete_=True, type='PatchBackbone', channels=(32, 64, 128)))
