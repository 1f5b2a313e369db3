"""Tapped levels: strides 16 and 32, those with attention maps."""

_base_ = './base.py'

model = dict(backbone=dict(feature_strides=(16, 32)))
find_unused_parameters = True  # nothing reads the finest level of the decoder
