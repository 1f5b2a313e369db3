"""Rotations in numpy for the scene generator, which needs them one at a time and quickly.

Convention: right-handed, column vectors, angles in degrees where a name says so; a positive turn
about z takes x to y: ``axis_turns('z', 90) @ [1, 0, 0] == [0, 1, 0]``.
"""

import math

import numpy as np

_AXES = {'x': 0, 'y': 1, 'z': 2}
_IDENTITY = np.eye(3)
# Row k: the cross product matrix of axis k, flat.
_CROSS = np.array(
    [[0, 0, 0, 0, 0, -1, 0, 1, 0], [0, 0, 1, 0, 0, 0, -1, 0, 0], [0, -1, 0, 1, 0, 0, 0, 0, 0]],
    dtype=np.float64,
)


def rotvec_to_matrix(rotvec: np.ndarray) -> np.ndarray:
    """Rotation matrices (..., 3, 3) of axis-angle vectors (..., 3) in radians."""
    angle = np.sqrt((rotvec * rotvec).sum(-1, keepdims=True))
    axis = rotvec / np.maximum(angle, 1e-12)
    angle = angle[..., None]
    cosine = np.cos(angle)
    cross = (axis @ _CROSS).reshape(*rotvec.shape[:-1], 3, 3)
    outer = axis[..., :, None] * axis[..., None, :]
    return cosine * _IDENTITY + (1 - cosine) * outer + np.sin(angle) * cross


def matrix_to_quaternion(matrix: np.ndarray) -> np.ndarray:
    """Unit quaternions (..., 4), w first and not negative, of rotation matrices (..., 3, 3)."""
    m = np.asarray(matrix)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    x, y, z = (m[..., b, c] - m[..., c, b] for b, c in ((2, 1), (0, 2), (1, 0)))
    yz, zx, xy = (m[..., b, c] + m[..., c, b] for b, c in ((2, 1), (0, 2), (1, 0)))
    # Four times the outer product of the quaternion with itself; its longest row is well scaled.
    rows = np.empty((*xx.shape, 4, 4))
    rows[..., 0, 0], rows[..., 1, 1] = 1 + xx + yy + zz, 1 + xx - yy - zz
    rows[..., 2, 2], rows[..., 3, 3] = 1 - xx + yy - zz, 1 - xx - yy + zz
    for (a, b), value in (((0, 1), x), ((0, 2), y), ((0, 3), z),
                          ((2, 3), yz), ((1, 3), zx), ((1, 2), xy)):  # fmt: skip
        rows[..., a, b] = rows[..., b, a] = value
    best = (rows * rows).sum(-1).argmax(-1)
    quaternion = np.take_along_axis(rows, best[..., None, None], axis=-2)[..., 0, :]
    quaternion /= np.sqrt((quaternion * quaternion).sum(-1, keepdims=True))
    return np.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def matrix_to_rotvec(matrix: np.ndarray) -> np.ndarray:
    """Axis-angle vectors (..., 3) in radians, at most pi long, of matrices (..., 3, 3)."""
    quaternion = matrix_to_quaternion(matrix)
    sine = np.sqrt((quaternion[..., 1:] ** 2).sum(-1, keepdims=True))
    angle = 2 * np.arctan2(sine, quaternion[..., :1])
    return quaternion[..., 1:] * np.where(sine < 1e-9, 2.0, angle / np.maximum(sine, 1e-12))


def axis_turns(axes: str, *degrees: float) -> np.ndarray:
    """Product (3, 3) of turns about rest axes, the first one applied last.

    Args:
        axes: Letters of ``xyz``, for example ``'yx'``: first a turn about x, then about y.
        degrees: One angle for each letter.
    """
    result = _IDENTITY
    for axis, angle in zip(axes, degrees, strict=True):
        turn = _IDENTITY.copy()
        first, second = (_AXES[axis] + 1) % 3, (_AXES[axis] + 2) % 3
        sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
        turn[first, first] = turn[second, second] = cosine
        turn[second, first], turn[first, second] = sine, -sine
        result = result @ turn
    return result


def swing_between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotation (3, 3) between unit vectors (3,) that are not opposite."""
    cross = np.outer(end, start) - np.outer(start, end)
    return _IDENTITY + cross + cross @ cross / (1 + start @ end)
