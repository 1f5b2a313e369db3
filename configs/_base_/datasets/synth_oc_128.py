"""SynthOC in crops of 128 px for a small model.

The scenes vary enough by themselves: they are only mirrored, scaled and cropped anew. But nobody in
them ends at the border of the picture as people in portraits do, so keypoints are cut off; the crop
is then that of the rest or, as in photographs with boxes, of the whole person.
"""

_base_ = './synth_oc.py'

crop = dict(type='TopdownAffine', absent_keypoints='zero', input_size=(128, 128))
changed = dict(
    RandomScaleRotateFlip=[dict(type='RandomScaleRotateFlip', scale=0.1, rotation_prob=0.0)],
    KeypointsToPrompt=[dict(type='KeypointCut'), dict(type='KeypointsToPrompt')],
    CropBox=[dict(type='CropBox', margin=(1.0, 1.2), least_share=(0.0, 1.0))],
    TopdownAffine=[crop],
    RectangleOcclusion=[],
)
train_pipeline = [
    step for given in _base_.train_pipeline for step in changed.get(given['type'], [given])
]
test_pipeline = [crop if step['type'] == 'TopdownAffine' else step for step in _base_.test_pipeline]
del crop, changed

train_dataloader = dict(
    batch_size=32,
    drop_last=True,
    dataset=dict(pipeline=train_pipeline),
)
val_dataloader = dict(batch_size=50, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(batch_size=50, dataset=dict(pipeline=test_pipeline))
