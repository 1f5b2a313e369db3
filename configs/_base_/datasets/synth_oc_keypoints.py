"""SynthOC for models that see keypoints only: no picture is read.

Training keeps fixed draws of every person in memory, as preparing them takes longer than a step.
"""

_base_ = './synth_oc.py'

train_pipeline = [
    dict(type='RandomScaleRotateFlip', scale=0.0, rotation_prob=0.0),
    dict(type='KeypointsToPrompt'),
    dict(type='CropBox', margin=(1.0, 1.2)),
    dict(type='TopdownCoordinates', absent_keypoints='zero'),
    dict(type='PackMeshInputs', image=False),
]
test_pipeline = [
    dict(type='KeypointsToPrompt'),
    dict(type='CropBox'),
    dict(type='TopdownCoordinates', absent_keypoints='zero'),
    dict(type='PackMeshInputs', image=False),
]

train_dataloader = dict(
    batch_size=256,
    num_workers=0,
    persistent_workers=False,
    drop_last=True,
    dataset=dict(
        _delete_=True,
        type='PreparedDataset',
        views=2,
        dataset=dict(
            type='SynthOCDataset',
            subset='train',
            data_root=_base_.data_root,
            pipeline=train_pipeline,
        ),
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    dataset=dict(data_root=_base_.data_root, pipeline=test_pipeline),
)
test_dataloader = dict(
    batch_size=256,
    num_workers=0,
    dataset=dict(data_root=_base_.data_root, pipeline=test_pipeline),
)
val_evaluator = dict(type='JointMetric')
test_evaluator = dict(type='JointMetric')
