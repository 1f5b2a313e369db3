"""Occlusion augmentation: none."""

_base_ = './base.py'

train_pipeline = [step for step in _base_.train_pipeline if step['type'] != 'RectangleOcclusion']
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
