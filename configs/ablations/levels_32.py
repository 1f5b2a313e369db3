"""Tapped levels: stride 32 alone."""

_base_ = './base.py'

model = dict(backbone=dict(feature_strides=(32,), attention_strides=(32,)))
find_unused_parameters = True  # nothing reads the finer levels of the decoder
