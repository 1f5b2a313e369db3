"""Key poses by name, written as described figures."""

from .library import load_key_poses
from .notation import FAMILIES, Figure, KeyPose, foot_rotations, left_leg_rotations, solve

__all__ = [
    'FAMILIES',
    'Figure',
    'KeyPose',
    'foot_rotations',
    'left_leg_rotations',
    'load_key_poses',
    'solve',
]
