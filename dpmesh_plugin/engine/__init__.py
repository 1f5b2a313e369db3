"""What the runner needs beside the models: checkpoints, hooks, loops, strategies, optimisers."""

from .checkpoint import KeyComparison, check_keys, compare_keys, load_weights
from .hooks import (
    EvaluationProtocolHook,
    ExactResumeHook,
    LatentCacheHook,
    MeshVisualizationHook,
    NonFiniteHook,
    ParameterTableHook,
    SafeCheckpointHook,
    StrictLoadHook,
    TeacherHook,
    TrainingSpeedHook,
)
from .inference import optimize_for_inference
from .loops import ResumableEpochLoop
from .optim import MeshOptimWrapper, PartOptimWrapperConstructor
from .strategies import FullyShardStrategy

__all__ = [
    'EvaluationProtocolHook',
    'ExactResumeHook',
    'FullyShardStrategy',
    'KeyComparison',
    'LatentCacheHook',
    'MeshOptimWrapper',
    'MeshVisualizationHook',
    'NonFiniteHook',
    'ParameterTableHook',
    'PartOptimWrapperConstructor',
    'ResumableEpochLoop',
    'SafeCheckpointHook',
    'StrictLoadHook',
    'TeacherHook',
    'TrainingSpeedHook',
    'check_keys',
    'compare_keys',
    'load_weights',
    'optimize_for_inference',
]
