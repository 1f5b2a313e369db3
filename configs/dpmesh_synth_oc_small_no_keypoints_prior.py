"""The small DPMesh without keypoint condition, from the prior of pretrain/prior_small.py.

Here the picture tells all that is known, so what the prior brings can be measured.
"""

_base_ = './dpmesh_synth_oc_small_no_keypoints.py'

model = dict(
    init_cfg=dict(
        _delete_=True,
        type='PretrainedParts',
        checkpoint='data/prior/dpmesh_small.pth',
        parts=('backbone',),
    ),
)
