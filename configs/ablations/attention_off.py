"""Attention maps: none reach the neck."""

_base_ = './base.py'

model = dict(backbone=dict(attention_strides=()))
