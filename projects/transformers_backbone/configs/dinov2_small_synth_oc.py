"""The tiny DPMesh with DINOv2 ViT-S/14 of transformers in the place of the diffusion prior.

The sizes are those of the published ViT-S. Its weights, a folder, are named by
``--cfg-options model.backbone.body.weights=FOLDER``. The encoder learns at a tenth of the rate.
"""

_base_ = '../../../configs/dpmesh_synth_oc_tiny.py'

custom_imports = dict(imports=['projects.transformers_backbone.transformers_backbone'])

model = dict(
    backbone=dict(
        _delete_=True,
        type='ImageBackbone',
        body=dict(
            type='TransformersFeatures',
            architecture='dinov2',
            stages=('stage12',),
            side=224,
            options=dict(
                hidden_size=384, num_hidden_layers=12, num_attention_heads=6, image_size=518
            ),
            weights=None,
            pyramid=dict(type='FeaturePyramid', in_channels=384, out_channels=256),
        ),
    )
)
optim_wrapper = dict(paramwise_cfg=dict(backbone=dict(lr_mult=0.1)))
find_unused_parameters = True  # nothing reads the keypoint tokens
