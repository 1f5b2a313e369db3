import math

import pytest
import torch

from dpmesh_plugin.geometry.motion import interpolate_rotation, matrix_to_euler_zxy
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix


def _from_euler(angles):
    z, x, y = (
        axis_angle_to_matrix(angles[..., i, None] * torch.eye(3, dtype=angles.dtype)[axis])
        for i, axis in enumerate((2, 0, 1))
    )
    return z @ x @ y


def test_euler_angles_rebuild_the_rotation():
    generator = torch.Generator().manual_seed(0)
    vectors = 4 * torch.rand(200, 3, generator=generator, dtype=torch.float64) - 2
    rotations = axis_angle_to_matrix(vectors)
    angles = matrix_to_euler_zxy(rotations)
    torch.testing.assert_close(_from_euler(angles), rotations)
    assert (angles[:, 1].abs() <= math.pi / 2).all()


def test_the_order_of_the_axes():
    angles = torch.tensor([0.6, -0.3, 1.1], dtype=torch.float64)
    torch.testing.assert_close(matrix_to_euler_zxy(_from_euler(angles)), angles)


@pytest.mark.parametrize('x', [math.pi / 2, -math.pi / 2])
def test_a_quarter_turn_about_x_still_rebuilds(x):
    rotation = _from_euler(torch.tensor([0.6, x, 0.4], dtype=torch.float64))
    angles = matrix_to_euler_zxy(rotation)
    assert angles[2] == 0
    torch.testing.assert_close(_from_euler(angles), rotation)


def test_interpolation_meets_its_ends_and_keeps_its_speed():
    vectors = torch.tensor([[0.6, -0.2, 0.3], [0.1, 1.2, -0.7]], dtype=torch.float64)
    start, end = axis_angle_to_matrix(vectors)
    for share, expected in ((0.0, start), (1.0, end)):
        got = interpolate_rotation(start, end, torch.tensor(share))
        torch.testing.assert_close(got, expected)
    quarter = axis_angle_to_matrix(torch.tensor([0, 0, math.pi / 2]))
    half_way = interpolate_rotation(torch.eye(3), quarter, torch.tensor(0.5))
    eighth = axis_angle_to_matrix(torch.tensor([0, 0, math.pi / 4]))
    torch.testing.assert_close(half_way, eighth)
