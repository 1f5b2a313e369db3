"""What the runner needs beside the models: checkpoints and hooks."""

from .checkpoint import KeyComparison, check_keys, compare_keys, load_weights, read_checkpoint
from .hooks import EvaluationProtocolHook, MeshVisualizationHook, StrictLoadHook

__all__ = [
    'EvaluationProtocolHook',
    'KeyComparison',
    'MeshVisualizationHook',
    'StrictLoadHook',
    'check_keys',
    'compare_keys',
    'load_weights',
    'read_checkpoint',
]
