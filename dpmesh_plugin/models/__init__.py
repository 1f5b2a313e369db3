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
from .heads import (
    BodySurfaceHead,
    ContinuousPoseDecoder,
    FeatureVolume,
    HMRHead,
    ImageTransformer,
    KeypointAlignment,
    ReadoutHead,
    SMPLTokenHead,
    TokenDecoder,
)
from .initializers import PretrainedParts
from .losses import (
    AutomaticWeightedLoss,
    MapDistanceLoss,
    MapDivergenceLoss,
    MaskedDistanceLoss,
    MaskedL1Loss,
    MeshLoss,
)
from .necks import KeypointConditionNeck, PromptEmbedding
from .pretraining import DiffusionPretrainer

__all__ = [
    'AutomaticWeightedLoss',
    'BlindBackbone',
    'BodySurfaceHead',
    'CheckpointTeacher',
    'ContinuousPoseDecoder',
    'DiffusionPretrainer',
    'DiffusionPriorBackbone',
    'EMATeacher',
    'FeatureVolume',
    'HMRHead',
    'ImageBackbone',
    'ImageTransformer',
    'KeypointAlignment',
    'KeypointConditionNeck',
    'KeypointLifter',
    'MapDistanceLoss',
    'MapDivergenceLoss',
    'MaskedDistanceLoss',
    'MaskedL1Loss',
    'MeanPoseEstimator',
    'MeshDataPreprocessor',
    'MeshDistiller',
    'MeshEstimator',
    'MeshLoss',
    'PretrainedParts',
    'PromptEmbedding',
    'ReadoutHead',
    'SMPLTokenHead',
    'TokenDecoder',
    'TorchvisionFeatures',
]
