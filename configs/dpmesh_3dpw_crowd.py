"""DPMesh on 3DPW-Crowd. Published: MPJPE 79.9, PA-MPJPE 51.1, MPVPE 101.5 mm (table 1)."""

_base_ = [
    './_base_/models/dpmesh.py',
    './_base_/datasets/pw3d.py',
    './_base_/default_runtime.py',
]

test_dataloader = dict(dataset=dict(subset='crowd'))
test_evaluator = dict(body_model=_base_.body_model)
