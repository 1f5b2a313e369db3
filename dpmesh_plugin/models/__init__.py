"""Estimators and their parts."""

from .backbones import DiffusionPriorBackbone
from .data_preprocessor import MeshDataPreprocessor
from .estimators import MeshEstimator
from .heads import HMRHead, SMPLTokenHead
from .losses import AutomaticWeightedLoss, MaskedL1Loss, MeshLoss
from .necks import KeypointConditionNeck

__all__ = [
    'AutomaticWeightedLoss',
    'DiffusionPriorBackbone',
    'HMRHead',
    'KeypointConditionNeck',
    'MaskedL1Loss',
    'MeshDataPreprocessor',
    'MeshEstimator',
    'MeshLoss',
    'SMPLTokenHead',
]
