"""The first stage of the small DPMesh, and how far its bodies and the keypoints can be trusted.

Only the alignment is trained.
"""

_base_ = './dpmesh_synth_oc_small_keypoints.py'

model = dict(
    init_cfg=dict(
        type='PretrainedParts',
        checkpoint='work_dirs/dpmesh_synth_oc_small_keypoints/epoch_60.pth',
        parts=('neck.embedding', 'head.readout'),
    ),
    head=dict(alignment=dict(type='KeypointAlignment', num_updates=3)),
    trainable=('head.alignment',),
)
train_dataloader = dict(batch_size=64)

train_cfg = dict(max_epochs=2, val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=3e-3), clip_grad=dict(max_norm=1.0))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=2, eta_min_ratio=0.0033),
]
