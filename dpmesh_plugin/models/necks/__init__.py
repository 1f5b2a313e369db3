"""Necks: keypoints to a condition; features and condition to one map."""

from .keypoint_condition_neck import KeypointConditionNeck
from .prompt_embedding import PromptEmbedding

__all__ = ['KeypointConditionNeck', 'PromptEmbedding']
