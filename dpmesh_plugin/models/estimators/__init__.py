"""Estimators: prompt, backbone, neck and head as one model."""

from .mesh_distiller import MeshDistiller
from .mesh_estimator import MeshEstimator
from .teachers import CheckpointTeacher, EMATeacher

__all__ = ['CheckpointTeacher', 'EMATeacher', 'MeshDistiller', 'MeshEstimator']
