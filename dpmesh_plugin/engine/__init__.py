"""What the runner needs beside the models: checkpoints, hooks, a model made ready to predict."""

from .checkpoint import KeyComparison, check_keys, compare_keys, load_weights, read_checkpoint
from .hooks import EvaluationProtocolHook, MeshVisualizationHook, StrictLoadHook
from .inference import optimize_for_inference
from .optim import MeshOptimWrapper, PartOptimWrapperConstructor

__all__ = [
    'EvaluationProtocolHook',
    'KeyComparison',
    'MeshOptimWrapper',
    'MeshVisualizationHook',
    'PartOptimWrapperConstructor',
    'StrictLoadHook',
    'check_keys',
    'compare_keys',
    'load_weights',
    'optimize_for_inference',
    'read_checkpoint',
]
