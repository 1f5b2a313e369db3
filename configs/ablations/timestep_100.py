"""Time step: 100."""

_base_ = './base.py'

model = dict(backbone=dict(timestep=100))
