"""Hooks."""

from .evaluation_protocol_hook import EvaluationProtocolHook
from .mesh_visualization_hook import MeshVisualizationHook
from .parameter_table_hook import ParameterTableHook
from .strict_load_hook import StrictLoadHook

__all__ = [
    'EvaluationProtocolHook',
    'MeshVisualizationHook',
    'ParameterTableHook',
    'StrictLoadHook',
]
