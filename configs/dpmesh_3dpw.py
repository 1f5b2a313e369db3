"""DPMesh on 3DPW test; the published table has no such row."""

_base_ = [
    './_base_/models/dpmesh.py',
    './_base_/datasets/pw3d.py',
    './_base_/default_runtime.py',
]

test_dataloader = dict(dataset=dict(subset='test'))
test_evaluator = dict(body_model=_base_.body_model)
