"""Keypoints: true joints with the errors of PoseFix in training, detected ones in the test."""

_base_ = './base.py'

train_pipeline = [
    dict(step, source='annotation') if step['type'] == 'KeypointsToPrompt' else step
    for step in _base_.train_pipeline
]
train_pipeline.insert(-1, dict(type='PoseFixNoise'))
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
