"""The keypoints of SynthOC in crops of 128 px: no picture is read."""

_base_ = './synth_oc_128.py'

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
    batch_size=256,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='PreparedDataset',
        views=3,
        dataset=dict(_base_.train_dataloader.dataset, pipeline=train_pipeline),
    ),
)
val_dataloader = dict(batch_size=256, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(batch_size=256, dataset=dict(pipeline=test_pipeline))
