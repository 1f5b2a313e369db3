"""Rotations over time: Euler angles and interpolation."""

import torch
from torch import Tensor

from .rotation import axis_angle_to_matrix, matrix_to_axis_angle


def matrix_to_euler_zxy(matrix: Tensor) -> Tensor:
    """Angles of the product of a turn about z, one about x and one about y.

    Convention: ``R = Rz(a) @ Rx(b) @ Ry(c)``, radians, the order that most motion files use.
    ``[[0, -1, 0], [1, 0, 0], [0, 0, 1]]`` gives ``(1.5708, 0, 0)``. Where b is a quarter turn, only
    the sum or difference of the others is determined; c is then 0.

    Args:
        matrix: Rotation matrices ``(..., 3, 3)``.

    Returns:
        Angles ``(..., 3)`` about z, x and y; that about x within a quarter turn of zero.
    """
    cosine = torch.hypot(matrix[..., 0, 1], matrix[..., 1, 1])
    locked = cosine < 8 * torch.finfo(matrix.dtype).eps
    x = torch.atan2(matrix[..., 2, 1], cosine)
    z = torch.where(
        locked,
        torch.atan2(matrix[..., 1, 0], matrix[..., 0, 0]),
        torch.atan2(-matrix[..., 0, 1], matrix[..., 1, 1]),
    )
    y = torch.atan2(-matrix[..., 2, 0], matrix[..., 2, 2])
    return torch.stack((z, x, torch.where(locked, torch.zeros_like(y), y)), dim=-1)


def interpolate_rotation(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """Turn from one rotation to another about a fixed axis, at constant speed.

    Convention: half of the way from the identity to a quarter turn about z is an eighth of a turn.

    Args:
        start: Matrices ``(..., 3, 3)``.
        end: Matrices ``(..., 3, 3)``.
        share: Where on the way ``(...)``: 0 gives the start, 1 the end.

    Returns:
        Matrices ``(..., 3, 3)``.
    """
    way = matrix_to_axis_angle(start.transpose(-1, -2) @ end)
    return start @ axis_angle_to_matrix(way * share[..., None])
