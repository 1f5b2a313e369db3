"""Rotations in numpy for the scene generator, which needs them one at a time and quickly.

Convention: right-handed, column vectors, angles in degrees where a name says so; a positive turn
about z takes x to y: ``axis_turns('z', 90) @ [1, 0, 0] == [0, 1, 0]``.
"""

import numpy as np

_AXES = {'x': 0, 'y': 1, 'z': 2}


def rotvec_to_matrix(rotvec: np.ndarray) -> np.ndarray:
    """Rotation matrices (..., 3, 3) of axis-angle vectors (..., 3) in radians."""
    angle = np.linalg.norm(rotvec, axis=-1)[..., None]
    x, y, z = np.moveaxis(rotvec / np.maximum(angle, 1e-12), -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)
    sine, cosine = np.sin(angle)[..., None], np.cos(angle)[..., None]
    return np.eye(3) + sine * cross + (1 - cosine) * (cross @ cross)


def matrix_to_quaternion(matrix: np.ndarray) -> np.ndarray:
    """Unit quaternions (..., 4), w first and not negative, of rotation matrices (..., 3, 3)."""
    m = np.asarray(matrix)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    # Four times the outer product of the quaternion with itself; its longest row is well scaled.
    rows = np.stack(
        [
            [1 + xx + yy + zz, m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0],
             m[..., 1, 0] - m[..., 0, 1]],
            [m[..., 2, 1] - m[..., 1, 2], 1 + xx - yy - zz, m[..., 0, 1] + m[..., 1, 0],
             m[..., 0, 2] + m[..., 2, 0]],
            [m[..., 0, 2] - m[..., 2, 0], m[..., 0, 1] + m[..., 1, 0], 1 - xx + yy - zz,
             m[..., 1, 2] + m[..., 2, 1]],
            [m[..., 1, 0] - m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0],
             m[..., 1, 2] + m[..., 2, 1], 1 - xx - yy + zz],
        ]
    )  # fmt: skip
    rows = np.moveaxis(rows, (0, 1), (-2, -1))
    best = np.linalg.norm(rows, axis=-1).argmax(-1)
    quaternion = np.take_along_axis(rows, best[..., None, None], axis=-2)[..., 0, :]
    quaternion /= np.linalg.norm(quaternion, axis=-1, keepdims=True)
    return np.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def matrix_to_rotvec(matrix: np.ndarray) -> np.ndarray:
    """Axis-angle vectors (..., 3) in radians, at most pi long, of matrices (..., 3, 3)."""
    quaternion = matrix_to_quaternion(matrix)
    sine = np.linalg.norm(quaternion[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, quaternion[..., :1])
    return quaternion[..., 1:] * np.where(sine < 1e-9, 2.0, angle / np.maximum(sine, 1e-12))


def axis_turns(axes: str, *degrees: float) -> np.ndarray:
    """Product (3, 3) of turns about rest axes, the first one applied last.

    Args:
        axes: Letters of ``xyz``, for example ``'yx'``: first a turn about x, then about y.
        degrees: One angle for each letter.
    """
    result = np.eye(3)
    for axis, angle in zip(axes, degrees, strict=True):
        result = result @ rotvec_to_matrix(np.deg2rad(angle) * np.eye(3)[_AXES[axis]])
    return result


def swing_between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotation (3, 3) between unit vectors (3,) that are not opposite."""
    cross = np.cross(start, end)
    sine, cosine = np.linalg.norm(cross), start @ end
    if sine < 1e-9:
        return np.eye(3)
    return rotvec_to_matrix(cross / sine * np.arctan2(sine, cosine))
