"""DPMesh at its published size: Stable Diffusion 1.5 as the image prior, licensed SMPL.

``body_model`` is shared by head, metric and visualiser. ``body_model.path=None`` on the command
line runs the same model on the open body.
"""

body_model = dict(
    type='SMPL',
    path='data/body_models/smpl',
    genders=('neutral', 'male', 'female'),
)

model = dict(
    type='MeshEstimator',
    data_preprocessor=dict(type='MeshDataPreprocessor'),
    backbone=dict(
        type='DiffusionPriorBackbone',
        unet=dict(),
        vae=dict(),
        controlnet=dict(),
        lora=dict(rank=64),
    ),
    neck=dict(type='KeypointConditionNeck'),
    head=dict(
        type='SMPLTokenHead',
        body_model=body_model,
        pose_decoder=dict(type='VPoserDecoder'),
    ),
)

visualizer = dict(type='MeshVisualizer', body_model=body_model)
