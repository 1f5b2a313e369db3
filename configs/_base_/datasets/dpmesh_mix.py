"""The published training sets: joints in space and in the image, half an epoch each.

docs/data.md says how to get, convert and check the sets. The body of the fits is the same dict as
``body_model`` of the model, so an option on that one reaches both.
"""

train_pipeline = [
    dict(type='LoadMeshImage', on_error='skip'),
    dict(type='AnnotatedKeypoints'),
    dict(type='RandomScaleRotateFlip'),
    dict(
        type='BodyModelKeypoints',
        body_model=dict(
            type='SMPL',
            path='data/body_models/smpl',
            genders=('neutral', 'male', 'female'),
        ),
    ),
    dict(type='KeypointsToPrompt', source='annotation'),
    dict(type='CropBox', source='annotation', margin=(1.0, 1.2)),
    dict(type='TopdownAffine', absent_keypoints='zero'),
    dict(type='CleanPrompt'),
    dict(type='SMPLTargets'),
    dict(type='PoseFixNoise'),
    dict(type='RectangleOcclusion'),
    dict(type='RandomChannelScale'),
    dict(type='PackMeshInputs'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler', shuffle=True),
    collate_fn=dict(type='dpmesh_plugin.mesh_collate'),
    dataset=dict(
        type='MixedMeshDataset',
        seed=42,
        groups=dict(
            in_space=[
                dict(
                    type='Human36MDataset',
                    data_root='data/h36m',
                    pipeline=train_pipeline,
                ),
                dict(
                    type='MuCo3DHPDataset',
                    data_root='data/muco',
                    with_neighbours=True,
                    pipeline=train_pipeline,
                ),
            ],
            in_image=[
                dict(
                    type='CocoSMPLDataset',
                    data_root='data/coco',
                    with_neighbours=True,
                    pipeline=[
                        step for step in train_pipeline if step['type'] != 'RectangleOcclusion'
                    ],
                ),
                dict(
                    type='CrowdPoseSMPLDataset',
                    data_root='data/crowdpose',
                    with_neighbours=True,
                    pipeline=train_pipeline,
                ),
            ],
        ),
    ),
)
