"""DPMesh on 3DPW-OC exactly as released, quirks included (docs/quirks.md).

Published: MPJPE 70.9, PA-MPJPE 48.0, MPVPE 88.0 mm (table 1).
"""

_base_ = [
    './_base_/models/dpmesh_official_compat.py',
    './_base_/datasets/pw3d.py',
    './_base_/default_runtime.py',
]

test_pipeline = [
    dict(type='LoadMeshImage'),
    dict(type='KeypointsToPrompt'),
    dict(type='CropBox'),
    dict(type='TopdownAffine', dtype='float32', absent_keypoints='origin'),  # Q10
    dict(type='PackMeshInputs'),
]
test_dataloader = dict(dataset=dict(subset='oc', pipeline=test_pipeline))
test_evaluator = dict(body_model=_base_.body_model)
