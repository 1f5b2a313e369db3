"""Backbone: the same UNet, started from a trained diffusion prior.

``python tools/pretrain_prior.py`` writes the file. One of a Stable Diffusion of other sizes comes
from tools/model_converters/sd_to_dpmesh.py. What no prior gives follows the seed, as in the base.
"""

_base_ = './base.py'

model = dict(
    init_cfg=dict(
        type='PretrainedParts',
        checkpoint='data/prior/dpmesh_tiny.pth',
        parts=('backbone',),
        without=('*.controlnet_cond_embedding.*', '*.lora_*'),
    )
)
