"""Condition: heatmaps only, in the control branch and the neck; the tokens are an empty prompt."""

_base_ = './base.py'

model = dict(neck=dict(keypoint_tokens=False))
