"""Hooks."""

from .evaluation_protocol_hook import EvaluationProtocolHook
from .latent_cache_hook import LatentCacheHook
from .mesh_visualization_hook import MeshVisualizationHook
from .parameter_table_hook import ParameterTableHook
from .strict_load_hook import StrictLoadHook
from .teacher_hook import TeacherHook
from .training_speed_hook import TrainingSpeedHook

__all__ = [
    'EvaluationProtocolHook',
    'LatentCacheHook',
    'MeshVisualizationHook',
    'ParameterTableHook',
    'StrictLoadHook',
    'TeacherHook',
    'TrainingSpeedHook',
]
