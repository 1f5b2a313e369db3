"""The small DPMesh at a size that a CPU trains in an hour and a repository can hold.

Crops are half as wide as the published ones, which makes everything four times cheaper; strides
are in their pixels. Rotations are compared as matrices: axis-angles jump at half a turn, where that
of an upright person in camera axes lies. Few steps must do, so what needs no image is learned apart
(the embedding of the prompt and the readout), where the crop lies in the image is not left to
guess, and the surface of the body teaches the maps in every cell.
"""

_base_ = './dpmesh_tiny.py'

model = dict(
    backbone=dict(
        unet=dict(block_out_channels=(32, 64, 128)),
        vae=dict(block_out_channels=(8, 8, 16, 32), latent_channels=16),
        attention_strides=(8, 16),
    ),
    neck=dict(
        out_channels=128,
        out_stride=16,
        heatmap_size=16,
        heatmap_sigma=1.0,
        joint_drop=0.0,
        norm_features=True,
        embedding=dict(type='PromptEmbedding'),
    ),
    head=dict(
        start='readout',
        orient_frame='ray',
        input_size=128,
        volume=dict(size=(2, 8, 8)),
        image_transformer=dict(num_layers=1),
        decoder=dict(num_layers=3),
        objective=dict(
            terms=dict(
                _delete_=True,
                body_joint_cam=dict(type='MaskedDistanceLoss', factor=20.0),
                body_joint_img=dict(type='MaskedL1Loss', factor=0.05),
                body_joint_proj=dict(type='MaskedL1Loss', factor=0.1),
                smpl_rotation=dict(type='MaskedL1Loss', factor=4.0),
                smpl_shape=dict(type='MaskedL1Loss', factor=0.1),
            ),
        ),
    ),
    auxiliary=dict(type='BodySurfaceHead', body_model=_base_.body_model, input_size=128),
)
