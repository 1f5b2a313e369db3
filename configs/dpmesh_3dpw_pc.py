"""DPMesh on 3DPW-PC. Published: MPJPE 82.2, PA-MPJPE 56.6, MPVPE 105.4 mm (table 1)."""

_base_ = [
    './_base_/models/dpmesh.py',
    './_base_/datasets/pw3d.py',
    './_base_/default_runtime.py',
]

test_dataloader = dict(dataset=dict(subset='pc'))
test_evaluator = dict(body_model=_base_.body_model)
