"""The small DPMesh with a backbone that starts from the prior of pretrain/prior_small.py."""

_base_ = './dpmesh_synth_oc_small.py'

prior = dict(type='PretrainedParts', checkpoint='data/prior/dpmesh_small.pth', parts=('backbone',))
model = dict(init_cfg=[prior, _base_.model.init_cfg])
del prior
