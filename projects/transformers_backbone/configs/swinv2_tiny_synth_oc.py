"""The tiny DPMesh with Swin V2-T of transformers in the place of the diffusion prior."""

_base_ = './dinov2_small_synth_oc.py'

model = dict(
    backbone=dict(
        body=dict(
            _delete_=True,
            type='TransformersFeatures',
            architecture='swinv2',
            stages=('stage1', 'stage2', 'stage3', 'stage4'),
            options=dict(
                image_size=256,
                embed_dim=96,
                depths=(2, 2, 6, 2),
                num_heads=(3, 6, 12, 24),
                window_size=8,
            ),
        )
    )
)
