"""Estimators: prompt, backbone, neck and head as one model."""

from .keypoint_lifter import KeypointLifter
from .mean_pose_estimator import MeanPoseEstimator
from .mesh_distiller import MeshDistiller
from .mesh_estimator import MeshEstimator
from .teachers import CheckpointTeacher, EMATeacher

__all__ = [
    'CheckpointTeacher',
    'EMATeacher',
    'KeypointLifter',
    'MeanPoseEstimator',
    'MeshDistiller',
    'MeshEstimator',
]
