"""Neck and head of the small DPMesh on keypoints alone: what it starts from, and adds to.

A step costs a fifth of one with images, and no picture is read. It is trained twice, the second
time from where the first ended (docs/results.md).
"""

_base_ = './dpmesh_synth_oc_small.py'

model = dict(
    init_cfg=None,
    backbone=dict(_delete_=True, type='BlindBackbone', input_size=128, like=_base_.model.backbone),
)

skipped = ('LoadMeshImage', 'RandomChannelScale')
blind = dict(
    TopdownAffine=dict(type='TopdownCoordinates', absent_keypoints='zero', input_size=(128, 128)),
    PackMeshInputs=dict(type='PackMeshInputs', image=False),
)
train_pipeline, test_pipeline = (
    [blind.get(step['type'], step) for step in steps if step['type'] not in skipped]
    for steps in (_base_.train_pipeline, _base_.test_pipeline)
)
del skipped, blind

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='PreparedDataset',
        views=2,
        dataset=dict(_base_.train_dataloader.dataset, pipeline=train_pipeline),
    ),
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
train_cfg = dict(max_epochs=12)
optim_wrapper = dict(optimizer=dict(lr=5e-4), paramwise_cfg=dict(_delete_=True))
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], end=12)]
