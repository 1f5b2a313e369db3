"""Keypoints: the true joints, in training and in the test."""

_base_ = './base.py'

train_pipeline = [
    dict(step, source='annotation') if step['type'] == 'KeypointsToPrompt' else step
    for step in _base_.train_pipeline
]
test_pipeline = [
    _base_.test_pipeline[0],
    dict(type='BodyModelKeypoints', body_model=_base_.body_model),
    dict(type='KeypointsToPrompt', source='annotation'),
    *_base_.test_pipeline[2:],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
