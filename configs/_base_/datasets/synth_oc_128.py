"""SynthOC in crops of 128 px for a small model.

The scenes vary enough by themselves: they are only mirrored, scaled and cropped anew.
"""

_base_ = './synth_oc.py'

crop = dict(type='TopdownAffine', absent_keypoints='zero', input_size=(128, 128))
mirror = dict(type='RandomScaleRotateFlip', scale=0.1, rotation_prob=0.0)
train_pipeline = [
    dict(TopdownAffine=crop, RandomScaleRotateFlip=mirror).get(step['type'], step)
    for step in _base_.train_pipeline
    if step['type'] != 'RectangleOcclusion'
]
test_pipeline = [crop if step['type'] == 'TopdownAffine' else step for step in _base_.test_pipeline]
del crop, mirror

train_dataloader = dict(
    batch_size=32,
    drop_last=True,
    dataset=dict(pipeline=train_pipeline),
)
val_dataloader = dict(batch_size=50, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(batch_size=50, dataset=dict(pipeline=test_pipeline))
