"""DPMesh on 3DPW-OC. Published: MPJPE 70.9, PA-MPJPE 48.0, MPVPE 88.0 mm (table 1)."""

_base_ = [
    './_base_/models/dpmesh.py',
    './_base_/datasets/pw3d.py',
    './_base_/default_runtime.py',
]

test_dataloader = dict(dataset=dict(subset='oc'))
test_evaluator = dict(body_model=_base_.body_model)
