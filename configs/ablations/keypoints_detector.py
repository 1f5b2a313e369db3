"""Keypoints: those of another detector, in training and in the test.

Its keypoints are written into the annotation files by
tools/dataset_converters/detect_keypoints.py, under the name of keypoint_source.
"""

_base_ = './base.py'

train_dataloader = dict(dataset=dict(keypoint_source='detector'))
val_dataloader = dict(dataset=dict(keypoint_source='detector'))
test_dataloader = dict(dataset=dict(keypoint_source='detector'))
