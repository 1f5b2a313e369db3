"""DPMesh from the same parts at small widths, on the open body, without a licensed pose prior.

No weights of this diffusion model exist, so all of it is trained, and adapters would be idle. Fine
levels get few channels and heads, since these cost most on a CPU. Without a trained prior the
keypoints must carry more: the neck sees the heatmaps too, and joints in space outweigh the image.
"""

body_model = dict(type='SMPL', genders=('neutral', 'male', 'female'))

model = dict(
    type='MeshEstimator',
    data_preprocessor=dict(type='MeshDataPreprocessor'),
    backbone=dict(
        type='DiffusionPriorBackbone',
        unet=dict(
            block_out_channels=(16, 32, 64, 128),
            layers_per_block=1,
            cross_attention_dim=128,
            attention_head_dim=1,
            norm_num_groups=8,
        ),
        vae=dict(block_out_channels=(8, 8, 16, 16), layers_per_block=1, norm_num_groups=8),
        controlnet=dict(),
        lora=None,
        trainable=('vae', 'unet', 'controlnet'),
    ),
    neck=dict(type='KeypointConditionNeck', out_channels=256, inject_heatmaps=True),
    head=dict(
        type='SMPLTokenHead',
        body_model=body_model,
        pose_decoder=dict(type='ContinuousPoseDecoder'),
        volume=dict(
            type='FeatureVolume',
            channels=128,
            size=(4, 8, 8),
            num_layers=1,
            num_heads=4,
            feedforward_channels=256,
            dropout=0.0,
        ),
        image_transformer=dict(
            type='ImageTransformer', num_heads=4, feedforward_channels=512, dropout=0.0
        ),
        decoder=dict(type='TokenDecoder', num_heads=4, feedforward_channels=512, dropout=0.0),
        objective=dict(
            type='MeshLoss',
            terms=dict(
                body_joint_cam=dict(type='MaskedL1Loss', factor=20.0),
                body_joint_img=dict(type='MaskedL1Loss', factor=0.05),
                body_joint_proj=dict(type='MaskedL1Loss', factor=0.1),
                smpl_pose=dict(type='MaskedL1Loss', factor=2.0),
                smpl_shape=dict(type='MaskedL1Loss', factor=0.1),
            ),
        ),
    ),
)

visualizer = dict(type='MeshVisualizer', body_model=body_model)
