"""Hooks."""

from .evaluation_protocol_hook import EvaluationProtocolHook
from .exact_resume_hook import ExactResumeHook
from .latent_cache_hook import LatentCacheHook
from .mesh_visualization_hook import MeshVisualizationHook
from .non_finite_hook import NonFiniteHook
from .parameter_table_hook import ParameterTableHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .strict_load_hook import StrictLoadHook
from .teacher_hook import TeacherHook
from .training_speed_hook import TrainingSpeedHook

__all__ = [
    'EvaluationProtocolHook',
    'ExactResumeHook',
    'LatentCacheHook',
    'MeshVisualizationHook',
    'NonFiniteHook',
    'ParameterTableHook',
    'SafeCheckpointHook',
    'StrictLoadHook',
    'TeacherHook',
    'TrainingSpeedHook',
]
