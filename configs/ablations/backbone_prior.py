"""Backbone: the same UNet, started from a trained diffusion prior.

Its weights, in the form that tools/model_converters/sd_to_dpmesh.py writes, go to
data/prior/dpmesh_tiny.pth, or are named by ``--cfg-options load_from=FILE``.
"""

_base_ = './base.py'

load_from = 'data/prior/dpmesh_tiny.pth'
