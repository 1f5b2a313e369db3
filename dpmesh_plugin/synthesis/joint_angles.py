"""Joint rotations as swing and twist angles, with anatomical limits.

Every joint of the 24 has a bone axis at rest: the direction the moved part points to. Its rotation
is a twist about that axis followed by a swing about an axis across it. The three angles (degrees)
are stored in x, y, z order of the rest axes; the one on the bone axis is the twist.

Convention: rest pose with x to the left of the body, y up, z forward. A left arm that hangs down
has a shoulder swing of about -75 about z; a bent knee has a positive swing about x.
"""

import numpy as np

from dpmesh_plugin.structures import get_keypoint_set

from .rotations import matrix_to_quaternion, matrix_to_rotvec, rotvec_to_matrix

JOINTS = get_keypoint_set('smpl_24')
NUM_JOINTS = JOINTS.num
PELVIS = JOINTS.index('pelvis')

# Bone axis and (low, high) about x, y and z in degrees, for the left or middle joint.
# Ranges follow textbook ranges of motion. Twists of hip and shoulder are wider: a raised thigh or
# arm that also points sideways needs part of its swing as twist in these angles.
_LIMITS = {
    'hip': ('y', (-132, 40), (-50, 128), (-35, 65)),
    'knee': ('y', (-2, 155), (-12, 12), (-4, 4)),
    'ankle': ('z', (-35, 55), (-25, 25), (-25, 25)),
    'toe': ('z', (-50, 25), (-3, 3), (-3, 3)),
    'torso': ('y', (-18, 38), (-20, 20), (-18, 18)),
    'spine': ('y', (-12, 30), (-18, 18), (-15, 15)),
    'chest': ('y', (-12, 25), (-18, 18), (-12, 12)),
    'neck': ('y', (-28, 35), (-42, 42), (-22, 22)),
    'head': ('y', (-28, 28), (-42, 42), (-20, 20)),
    'thorax': ('x', (-10, 10), (-25, 15), (-10, 32)),
    'shoulder': ('x', (-132, 132), (-140, 60), (-105, 105)),
    'elbow': ('x', (-70, 70), (-152, 2), (-6, 6)),
    'wrist': ('x', (-40, 40), (-30, 30), (-70, 75)),
    'hand': ('x', (-8, 8), (-8, 8), (-50, 20)),
}
_AXES = 'xyz'


def _table() -> tuple[np.ndarray, np.ndarray]:
    """Bone axes (24,) as 0, 1, 2 and limits (24, 3, 2) in degrees, right joints mirrored."""
    axes = np.ones(NUM_JOINTS, dtype=np.int64)
    limits = np.zeros((NUM_JOINTS, 3, 2))
    for index, name in enumerate(JOINTS.names):
        if index == PELVIS:
            continue
        side, _, part = name.rpartition('_')
        axis, x, y, z = _LIMITS[part]
        axes[index] = _AXES.index(axis)
        if side == 'right':
            y, z = (-y[1], -y[0]), (-z[1], -z[0])
        limits[index] = x, y, z
    return axes, limits


BONE_AXES, JOINT_LIMITS = _table()
_TWIST = np.eye(3)[BONE_AXES]


def angles_to_matrices(angles: np.ndarray) -> np.ndarray:
    """Rotation matrices (24, 3, 3) of joint angles (24, 3) in degrees."""
    radians = np.deg2rad(angles)
    twist = radians * _TWIST
    return rotvec_to_matrix(radians - twist) @ rotvec_to_matrix(twist)


def matrices_to_angles(matrices: np.ndarray) -> np.ndarray:
    """Joint angles (24, 3) in degrees of rotation matrices (24, 3, 3).

    The inverse of :func:`angles_to_matrices` for swings below 180 degrees.
    """
    quaternion = matrix_to_quaternion(matrices)
    along = (quaternion[:, 1:] * _TWIST).sum(1)
    twist = 2 * np.arctan2(along, quaternion[:, 0])[:, None] * _TWIST
    swing = matrix_to_rotvec(matrices @ rotvec_to_matrix(-twist))
    return np.rad2deg(swing * (1 - _TWIST) + twist)


def clamp_angles(angles: np.ndarray) -> np.ndarray:
    """Joint angles (24, 3) moved into the limits; the pelvis becomes zero."""
    return np.clip(angles, JOINT_LIMITS[..., 0], JOINT_LIMITS[..., 1])


def mirror_angles(angles: np.ndarray) -> np.ndarray:
    """The mirrored pose: left and right joints swapped, signs of y and z turned."""
    return angles[JOINTS.flip_indices] * [1, -1, -1]
