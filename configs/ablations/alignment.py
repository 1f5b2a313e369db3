"""Alignment: the body is moved to where its joints meet the keypoints."""

_base_ = './base.py'

model = dict(head=dict(alignment=dict(type='KeypointAlignment')))
