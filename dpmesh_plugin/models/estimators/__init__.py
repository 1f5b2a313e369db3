"""Estimators: prompt, backbone, neck and head as one model."""

from .mesh_estimator import MeshEstimator

__all__ = ['MeshEstimator']
