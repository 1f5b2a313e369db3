"""DPMesh on 3DPW-Crowd as the released script evaluates it: with OpenPose joints (Q11).

All other quirks of the release are included too (docs/quirks.md). Published: MPJPE 79.9, PA-MPJPE
51.1, MPVPE 101.5 mm (table 1).
"""

_base_ = ['./dpmesh_3dpw_oc_official.py']

test_dataloader = dict(dataset=dict(subset='crowd', keypoint_source='openpose'))
