"""Estimators and their parts."""

from .backbones import BlindBackbone, DiffusionPriorBackbone, ImageBackbone, TorchvisionFeatures
from .data_preprocessor import MeshDataPreprocessor
from .estimators import (
    CheckpointTeacher,
    EMATeacher,
    KeypointLifter,
    MeanPoseEstimator,
    MeshDistiller,
    MeshEstimator,
)
from .heads import HMRHead, SMPLTokenHead
from .initializers import PretrainedParts
from .losses import (
    AutomaticWeightedLoss,
    MapDistanceLoss,
    MapDivergenceLoss,
    MaskedL1Loss,
    MeshLoss,
)
from .necks import KeypointConditionNeck
from .pretraining import DiffusionPretrainer

__all__ = [
    'AutomaticWeightedLoss',
    'BlindBackbone',
    'CheckpointTeacher',
    'DiffusionPretrainer',
    'DiffusionPriorBackbone',
    'EMATeacher',
    'HMRHead',
    'ImageBackbone',
    'KeypointConditionNeck',
    'KeypointLifter',
    'MapDistanceLoss',
    'MapDivergenceLoss',
    'MaskedL1Loss',
    'MeanPoseEstimator',
    'MeshDataPreprocessor',
    'MeshDistiller',
    'MeshEstimator',
    'MeshLoss',
    'PretrainedParts',
    'SMPLTokenHead',
    'TorchvisionFeatures',
]
