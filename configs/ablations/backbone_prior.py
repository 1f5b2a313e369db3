"""Backbone: the same UNet, started from a trained diffusion prior.

``python tools/pretrain_prior.py`` writes the file. One of a Stable Diffusion of other sizes comes
from tools/model_converters/sd_to_dpmesh.py.
"""

_base_ = './base.py'

load_from = 'data/prior/dpmesh_tiny.pth'
