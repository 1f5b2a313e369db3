"""DPMesh from the same parts at small widths, on the open body, without a licensed pose prior.

No weights of this diffusion model exist, so all of it is trained, and adapters would be idle.
Attention gets few heads, since heads of four channels are slow on a CPU.
"""

body_model = dict(type='SMPL', genders=('neutral', 'male', 'female'))

model = dict(
    type='MeshEstimator',
    data_preprocessor=dict(type='MeshDataPreprocessor'),
    backbone=dict(
        type='DiffusionPriorBackbone',
        unet=dict(
            block_out_channels=(32, 64, 96, 128),
            layers_per_block=1,
            cross_attention_dim=256,
            attention_head_dim=2,
            norm_num_groups=16,
        ),
        vae=dict(block_out_channels=(16, 16, 32, 32), layers_per_block=1, norm_num_groups=16),
        controlnet=dict(),
        lora=None,
        trainable=('vae', 'unet', 'controlnet'),
    ),
    neck=dict(type='KeypointConditionNeck', out_channels=256),
    head=dict(
        type='SMPLTokenHead',
        body_model=body_model,
        pose_decoder=dict(type='ContinuousPoseDecoder'),
        volume=dict(
            type='FeatureVolume', channels=128, num_heads=4, feedforward_channels=256, dropout=0.0
        ),
        image_transformer=dict(
            type='ImageTransformer', num_heads=4, feedforward_channels=512, dropout=0.0
        ),
        decoder=dict(type='TokenDecoder', num_heads=4, feedforward_channels=512, dropout=0.0),
    ),
)

visualizer = dict(type='MeshVisualizer', body_model=body_model)
