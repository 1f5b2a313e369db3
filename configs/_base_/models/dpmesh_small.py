"""DPMesh from the same parts at a size that a CPU trains in hours and a repository can hold.

Crops are half as wide as the published ones, which makes everything four times cheaper; strides
below are in their pixels. No weights of this diffusion model exist, so all of it is trained, and
adapters would be idle.
"""

body_model = dict(type='SMPL', genders=('neutral', 'male', 'female'))

model = dict(
    type='MeshEstimator',
    data_preprocessor=dict(type='MeshDataPreprocessor'),
    backbone=dict(
        type='DiffusionPriorBackbone',
        unet=dict(
            block_out_channels=(32, 64, 128),
            layers_per_block=1,
            cross_attention_dim=128,
            attention_head_dim=1,
            norm_num_groups=8,
        ),
        vae=dict(
            block_out_channels=(8, 8, 16, 32),
            layers_per_block=1,
            latent_channels=16,
            norm_num_groups=8,
        ),
        controlnet=dict(),
        lora=None,
        attention_strides=(8, 16),
        trainable=('vae', 'unet', 'controlnet'),
    ),
    neck=dict(
        type='KeypointConditionNeck',
        out_channels=128,
        out_stride=16,
        heatmap_size=16,
        heatmap_sigma=1.0,
        inject_heatmaps=True,
    ),
    head=dict(
        type='SMPLTokenHead',
        body_model=body_model,
        input_size=128,
        pose_decoder=dict(type='ContinuousPoseDecoder'),
        volume=dict(
            type='FeatureVolume',
            channels=128,
            size=(2, 8, 8),
            num_layers=1,
            num_heads=4,
            feedforward_channels=256,
            dropout=0.0,
        ),
        image_transformer=dict(
            type='ImageTransformer',
            num_layers=1,
            num_heads=4,
            feedforward_channels=512,
            dropout=0.0,
        ),
        decoder=dict(
            type='TokenDecoder', num_layers=3, num_heads=4, feedforward_channels=512, dropout=0.0
        ),
        objective=dict(
            type='MeshLoss',
            terms=dict(
                body_joint_cam=dict(type='MaskedL1Loss', factor=20.0),
                body_joint_img=dict(type='MaskedL1Loss', factor=0.05),
                body_joint_proj=dict(type='MaskedL1Loss', factor=0.1),
                smpl_rotation=dict(type='MaskedL1Loss', factor=4.0),
                smpl_shape=dict(type='MaskedL1Loss', factor=0.1),
            ),
        ),
    ),
)

visualizer = dict(type='MeshVisualizer', body_model=body_model)
