"""DPMesh with the switches of the release, also those that are the default: see docs/quirks.md.

With these the model is the released one, number for number (tools/analysis_tools/check_parity.py).
"""

_base_ = ['./dpmesh.py']

model = dict(
    backbone=dict(
        timestep=1,
        image_range=(0.0, 1.0),  # Q3
        latent_scale=1.0,  # Q4
    ),
    neck=dict(mask_tokens=False),  # Q2
    head=dict(
        focal_source='first',  # Q1
        image_transformer=dict(type='ImageTransformer', frequency_ladder=False),  # Q23
    ),
)
