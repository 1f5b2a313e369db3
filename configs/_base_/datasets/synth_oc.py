"""SynthOC: generated scenes with exact bodies and detector-like keypoints.

Written by ``tools/dataset_converters/make_synth_oc.py``, the split of the validation by its
``--val``. A leaf gives the metrics the body model of the model: ``val_evaluator.body_model``,
``test_evaluator.body_model``. At most 40 % is visible of persons in the last bin of occlusion.
"""

data_root = 'data/synth_oc'

train_pipeline = [
    dict(type='LoadMeshImage'),
    dict(type='RandomScaleRotateFlip'),
    dict(
        type='BodyModelKeypoints',
        body_model=dict(type='SMPL', genders=('neutral', 'male', 'female')),
    ),
    dict(type='SMPLTargets', ignored_joints=()),
    dict(type='KeypointsToPrompt'),
    dict(type='CropBox', margin=(1.0, 1.2)),
    dict(type='TopdownAffine', absent_keypoints='zero'),
    dict(type='CleanPrompt'),
    dict(type='RectangleOcclusion', prob=0.3),
    dict(type='RandomChannelScale'),
    dict(type='PackMeshInputs'),
]
test_pipeline = [
    dict(type='LoadMeshImage'),
    dict(type='KeypointsToPrompt'),
    dict(type='CropBox'),
    dict(type='TopdownAffine', absent_keypoints='zero'),
    dict(type='PackMeshInputs'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='EpochSampler', shuffle=True),
    collate_fn=dict(type='dpmesh_plugin.mesh_collate'),
    dataset=dict(
        type='SynthOCDataset',
        subset='train',
        data_root=data_root,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=12,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='dpmesh_plugin.mesh_collate'),
    dataset=dict(
        type='SynthOCDataset',
        subset='validation',
        data_root=data_root,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
val_evaluator = dict(type='MeshMetric', occlusion_bins=(0.0, 0.1, 0.3, 0.6, 1.0))
val_cfg = dict()
test_dataloader = dict(
    batch_size=12,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='dpmesh_plugin.mesh_collate'),
    dataset=dict(
        type='SynthOCDataset',
        subset='test',
        data_root=data_root,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_evaluator = dict(type='MeshMetric', occlusion_bins=(0.0, 0.1, 0.3, 0.6, 1.0))
test_cfg = dict()
