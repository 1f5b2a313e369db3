"""3DPW, prepared as in the published evaluation. A leaf chooses ``test_dataloader.dataset.subset``.

The leaf also gives the metric the body model of the model: ``test_evaluator.body_model``.
"""

data_root = 'data/3DPW'

test_pipeline = [
    dict(type='LoadMeshImage'),
    dict(type='KeypointsToPrompt'),
    dict(type='CropBox'),
    dict(type='TopdownAffine', dtype='float32'),
    dict(type='PackMeshInputs'),
]

test_dataloader = dict(
    batch_size=12,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='dpmesh_plugin.mesh_collate'),
    dataset=dict(
        type='PW3DDataset',
        subset='test',
        data_root=data_root,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_evaluator = dict(type='MeshMetric')
test_cfg = dict()
