"""The small DPMesh with a UNet from random weights: the same autoencoder, no trained prior."""

_base_ = './dpmesh_synth_oc_small.py'

vae = dict(_base_.model.init_cfg[0], parts=('backbone.vae',))
model = dict(init_cfg=[vae, _base_.model.init_cfg[1]])
del vae
