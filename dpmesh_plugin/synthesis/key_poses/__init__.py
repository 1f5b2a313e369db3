"""Key poses by name, written as described figures."""

from .library import get_key_pose, load_key_poses
from .notation import FAMILIES, Figure, KeyPose, foot_rotations, left_leg_rotations, solve

__all__ = [
    'FAMILIES',
    'Figure',
    'KeyPose',
    'foot_rotations',
    'get_key_pose',
    'left_leg_rotations',
    'load_key_poses',
    'solve',
]
