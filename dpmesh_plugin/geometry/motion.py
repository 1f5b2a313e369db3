"""Motion: Euler angles, interpolation of rotations, and the one-euro filter."""

import math
from typing import NamedTuple

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


class Motion(NamedTuple):
    """A filtered quantity and how it changes.

    Args:
        value: Vectors ``(..., 3)`` or rotation matrices ``(..., 3, 3)``.
        velocity: ``(..., 3)`` per second; of rotations rad/s about the axes of the body part.
    """

    value: Tensor
    velocity: Tensor


class OneEuro(NamedTuple):
    """How strongly a one-euro filter smooths.

    Source: Casiez, Roussel, Vogel, "1 euro filter", CHI 2012.

    Args:
        min_cutoff: Cutoff frequency at rest, Hz; the lower, the steadier.
        speed_gain: What the cutoff gains per unit of speed; the higher, the less it lags behind.
        velocity_cutoff: Cutoff frequency of the velocity, Hz.
    """

    min_cutoff: float
    speed_gain: float
    velocity_cutoff: float = 1.0

    def start(self, value: Tensor) -> Motion:
        """The state at the first value, vectors ``(..., 3)`` or matrices ``(..., 3, 3)``."""
        return Motion(value, torch.zeros(()))

    def step(self, last: Motion, value: Tensor, seconds: float) -> Motion:
        """Filter vectors, each with one cutoff for all its numbers.

        Args:
            last: State at the value before.
            value: ``(..., 3)``.
            seconds: Time since then.
        """
        way = value - last.value
        velocity, share = self._share(last, way, seconds)
        return Motion(last.value + share[..., None] * way, velocity)

    def step_rotation(self, last: Motion, value: Tensor, seconds: float) -> Motion:
        """Filter rotations on the shortest way between them, which no parametrisation bends.

        Args:
            last: State at the value before.
            value: Matrices ``(..., 3, 3)``.
            seconds: Time since then.
        """
        way = matrix_to_axis_angle(last.value.transpose(-1, -2) @ value)
        velocity, share = self._share(last, way, seconds)
        turn = axis_angle_to_matrix(share[..., None] * way)
        return Motion(last.value @ turn, velocity)

    def _share(self, last: Motion, way: Tensor, seconds: float) -> tuple[Tensor, Tensor]:
        """The velocity (..., 3), and which share (...) of the way is gone."""
        rate = 2 * math.pi * seconds
        velocity_share = rate * self.velocity_cutoff / (1 + rate * self.velocity_cutoff)
        velocity = last.velocity + velocity_share * (way / seconds - last.velocity)
        cutoff = rate * (self.min_cutoff + self.speed_gain * velocity.norm(dim=-1))
        return velocity, cutoff / (1 + cutoff)
