"""Rotations as axis-angle, matrix, quaternion and six numbers, and what mirroring does to a pose.

Convention: right-handed axes, radians, matrices act on column vectors (``y = R @ x``), quaternions
are ordered ``(w, x, y, z)``.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

# Below this squared angle sin and cos are replaced by their series, whose error is then < 1e-17.
SMALL_ANGLE_SQUARED = 1e-3
# Length below which a column of the six-number form counts as zero, as in the DPMesh release.
GRAM_SCHMIDT_EPS = 1e-12
# The published converter compares the lower right element with this to choose its branch.
QUATERNION_BRANCH_EPS = 1e-6
# The joint that takes the place of each of SMPL's 24 joints in the mirror.
SMPL_MIRROR = (
    *(0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10),
    *(12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22),
)


def axis_angle_to_matrix(axis_angle: Tensor) -> Tensor:
    """Rotation matrices by Rodrigues' formula, smooth also at the zero rotation.

    Convention: the vector points along the axis, its length is the angle in radians.
    ``(0, 0, pi / 2)`` turns ``(1, 0, 0)`` into ``(0, 1, 0)``.

    Args:
        axis_angle: Rotation vectors ``(..., 3)``, radians.

    Returns:
        Matrices ``(..., 3, 3)``.
    """
    squared = axis_angle.square().sum(-1)[..., None, None]
    small = squared < SMALL_ANGLE_SQUARED
    angle = torch.where(small, torch.ones_like(squared), squared).sqrt()
    half_sine = torch.sin(0.5 * angle)
    sine_series = 1 - squared / 6 * (1 - squared / 20 * (1 - squared / 42))
    cosine_series = 0.5 - squared / 24 * (1 - squared / 30 * (1 - squared / 56))
    sine_term = torch.where(small, sine_series, torch.sin(angle) / angle)
    cosine_term = torch.where(small, cosine_series, 2 * half_sine.square() / angle.square())
    x, y, z = axis_angle.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), dim=-1)
    cross = cross.unflatten(-1, (3, 3))
    identity = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    outer = axis_angle[..., :, None] * axis_angle[..., None, :]
    return identity + sine_term * cross + cosine_term * (outer - squared * identity)


def matrix_to_quaternion(matrix: Tensor) -> Tensor:
    """Unit quaternions of rotation matrices, in the branches of the published converter.

    Convention: ``(w, x, y, z)``; a quarter turn about z gives ``(0.7071, 0, 0, 0.7071)``. The
    element that is divided by is positive, the scalar part may be negative.

    Args:
        matrix: Rotation matrices ``(..., 3, 3)``.

    Returns:
        Quaternions ``(..., 4)``.

    Source: branch order of the DPMesh release.
    """
    m00, m01, m02, m10, m11, m12, m20, m21, m22 = matrix.flatten(-2).unbind(-1)
    squares = (1 + m00 + m11 + m22, 1 + m00 - m11 - m22, 1 - m00 + m11 - m22, 1 - m00 - m11 + m22)
    t_w, t_x, t_y, t_z = squares
    by_w = torch.stack((t_w, m21 - m12, m02 - m20, m10 - m01), dim=-1)
    by_x = torch.stack((m21 - m12, t_x, m01 + m10, m02 + m20), dim=-1)
    by_y = torch.stack((m02 - m20, m01 + m10, t_y, m12 + m21), dim=-1)
    by_z = torch.stack((m10 - m01, m02 + m20, m12 + m21, t_z), dim=-1)
    lower = (m22 < QUATERNION_BRANCH_EPS)[..., None]
    x_over_y = (m00 > m11)[..., None]
    z_over_w = (m00 < -m11)[..., None]
    scaled = torch.where(
        lower, torch.where(x_over_y, by_x, by_y), torch.where(z_over_w, by_z, by_w)
    )
    t = torch.where(
        lower[..., 0],
        torch.where(x_over_y[..., 0], t_x, t_y),
        torch.where(z_over_w[..., 0], t_z, t_w),
    )
    return 0.5 * scaled / t.sqrt()[..., None]


def quaternion_to_axis_angle(quaternion: Tensor) -> Tensor:
    """Rotation vectors of quaternions, of length at most pi.

    Convention: ``(w, x, y, z)`` in; ``(0.7071, 0, 0, 0.7071)`` gives ``(0, 0, 1.5708)``. ``q`` and
    ``-q`` give the same vector, except at exactly half a turn.

    Args:
        quaternion: Quaternions ``(..., 4)``; their length does not matter.

    Returns:
        Rotation vectors ``(..., 3)``, radians.
    """
    w, vector = quaternion[..., :1], quaternion[..., 1:]
    squared = vector.square().sum(-1, keepdim=True)
    zero = squared == 0
    sine = torch.where(zero, torch.ones_like(squared), squared).sqrt()
    angle = 2 * torch.where(w < 0, torch.atan2(-sine, -w), torch.atan2(sine, w))
    factor = torch.where(zero, torch.full_like(sine, 2), angle / sine)
    return vector * factor


def matrix_to_axis_angle(matrix: Tensor) -> Tensor:
    """Rotation vectors of rotation matrices.

    Convention: as :func:`axis_angle_to_matrix`; ``[[0, -1, 0], [1, 0, 0], [0, 0, 1]]`` gives
    ``(0, 0, 1.5708)``. At exactly half a turn the sign of the axis is arbitrary. A matrix that
    contains NaN gives the zero rotation, as in the published model.

    Args:
        matrix: Rotation matrices ``(..., 3, 3)``.

    Returns:
        Rotation vectors ``(..., 3)``, radians, of length at most pi.
    """
    axis_angle = quaternion_to_axis_angle(matrix_to_quaternion(matrix))
    return torch.where(axis_angle.isnan(), torch.zeros_like(axis_angle), axis_angle)


def rotation_6d_to_matrix(rotation_6d: Tensor) -> Tensor:
    """Rotation matrices of six numbers by Gram-Schmidt.

    Convention: the six numbers are a 3x2 matrix in row-major order: elements 0, 2, 4 point along
    the first column, 1, 3, 5 give the second. ``(0, -2, 3, 0, 0, 0)`` is a quarter turn about z.

    Args:
        rotation_6d: Six numbers ``(..., 6)``.

    Returns:
        Matrices ``(..., 3, 3)``. A zero or parallel column leaves a zero column.

    Source: Zhou et al., CVPR 2019, in the layout of the DPMesh release.
    """
    first, second = rotation_6d.unflatten(-1, (3, 2)).unbind(-1)
    first = F.normalize(first, dim=-1, eps=GRAM_SCHMIDT_EPS)
    second = second - (first * second).sum(-1, keepdim=True) * first
    second = F.normalize(second, dim=-1, eps=GRAM_SCHMIDT_EPS)
    third = torch.linalg.cross(first, second, dim=-1)
    return torch.stack((first, second, third), dim=-1)


def matrix_to_rotation_6d(matrix: Tensor) -> Tensor:
    """The first two columns of rotation matrices as six numbers.

    Convention: row-major 3x2, see :func:`rotation_6d_to_matrix`; the identity gives
    ``(1, 0, 0, 1, 0, 0)``.

    Args:
        matrix: Rotation matrices ``(..., 3, 3)``.

    Returns:
        Six numbers ``(..., 6)``.
    """
    return matrix[..., :2].flatten(-2)


def mirror_pose(pose: Tensor) -> Tensor:
    """The pose of the mirrored person: left and right change places, the image plane's x flips.

    Convention: mirroring at the plane x = 0 keeps the x component of a rotation vector and changes
    the sign of y and z. ``(0.1, 0.2, 0.3)`` at the left hip becomes ``(0.1, -0.2, -0.3)`` at the
    right one.

    Args:
        pose: Axis-angle of SMPL's 24 joints ``(..., 24, 3)``, root first, radians.

    Returns:
        Mirrored pose ``(..., 24, 3)``.

    Raises:
        ValueError: the last two sizes are not ``(24, 3)``.
    """
    if pose.shape[-2:] != (24, 3):
        raise ValueError(
            f'mirror_pose expects 24 joints as (..., 24, 3), got {tuple(pose.shape)}. Reshape a '
            'flat pose with pose.unflatten(-1, (24, 3)).'
        )
    return pose[..., SMPL_MIRROR, :] * pose.new_tensor([1, -1, -1])


def rotate_in_plane(global_orient: Tensor, angle: Tensor) -> Tensor:
    """Root orientation after the camera image was turned about the optical axis.

    Convention: camera axes x right, y down, z forward. A positive angle turns the picture
    counter-clockwise as seen by the viewer: the identity and ``0.5`` give ``(0, 0, -0.5)``.

    Args:
        global_orient: Root axis-angle ``(..., 3)`` in camera axes, radians.
        angle: Turn of the picture ``(...)``, radians.

    Returns:
        Root axis-angle ``(..., 3)``.
    """
    zero = torch.zeros_like(angle)
    turn = axis_angle_to_matrix(torch.stack((zero, zero, -angle), dim=-1))
    return matrix_to_axis_angle(turn @ axis_angle_to_matrix(global_orient))
