"""Further training of a released model on the same sets: 5e-5, halved after 10 epochs.

``load_from`` is a released checkpoint after tools/model_converters/official_to_dpmesh.py. The rate
is that of the release's own fine-tuning; its sets were others, whose loaders it does not contain.
"""

_base_ = './dpmesh_train.py'

load_from = 'checkpoints/dpmesh_3dpw_oc.pth'
optim_wrapper = dict(optimizer=dict(lr=5e-5))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[10], gamma=0.5)]
