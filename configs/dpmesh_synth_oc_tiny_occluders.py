"""The tiny DPMesh on SynthOC, objects and people put in front of the people of the training.

To train with the errors of a detector as well, fit them (docs/data.md), take the true joints for
the prompt, ``KeypointsToPrompt(source='annotation')``, and put
``dict(type='DetectorNoise', errors=FILE)`` after ``CutoutOcclusion``.
"""

_base_ = './dpmesh_synth_oc_tiny.py'

train_pipeline = [
    dict(type='LoadMeshImage'),
    dict(type='RandomScaleRotateFlip'),
    dict(
        type='BodyModelKeypoints',
        body_model=dict(type='SMPL', genders=('neutral', 'male', 'female')),
    ),
    dict(type='SMPLTargets', ignored_joints=()),
    dict(type='KeypointsToPrompt'),
    dict(
        type='CutoutOcclusion',
        sources=[dict(type='RenderedObjects'), dict(type='RenderedPeople')],
        prob=0.5,
        miss_prob=0.5,
    ),
    dict(type='CropBox', margin=(1.0, 1.2)),
    dict(type='TopdownAffine', absent_keypoints='zero'),
    dict(type='RandomChannelScale'),
    dict(type='PackMeshInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
