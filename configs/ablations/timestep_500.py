"""Time step: 500."""

_base_ = './base.py'

model = dict(backbone=dict(timestep=500))
