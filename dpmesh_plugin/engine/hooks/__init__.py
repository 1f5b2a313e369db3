"""Hooks."""

from .evaluation_protocol_hook import EvaluationProtocolHook
from .mesh_visualization_hook import MeshVisualizationHook
from .strict_load_hook import StrictLoadHook

__all__ = ['EvaluationProtocolHook', 'MeshVisualizationHook', 'StrictLoadHook']
