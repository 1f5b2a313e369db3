"""Necks: keypoints to a condition; features and condition to one map."""

from .keypoint_condition_neck import KeypointConditionNeck

__all__ = ['KeypointConditionNeck']
