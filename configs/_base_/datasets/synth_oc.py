"""SynthOC: generated scenes with exact bodies and detector-like keypoints.

Written by ``tools/dataset_converters/make_synth_oc.py``. A leaf gives the metric the body model of
the model: ``test_evaluator.body_model``.
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
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='dpmesh_plugin.mesh_collate'),
    dataset=dict(
        type='PW3DDataset',
        subset='train',
        ann_file='synth_oc_train.json',
        data_root=data_root,
        pipeline=train_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=12,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='dpmesh_plugin.mesh_collate'),
    dataset=dict(
        type='PW3DDataset',
        subset='test',
        ann_file='synth_oc_test.json',
        data_root=data_root,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_evaluator = dict(type='MeshMetric')
test_cfg = dict()
