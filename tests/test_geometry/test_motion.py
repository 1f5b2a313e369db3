import math

import pytest
import torch

from dpmesh_plugin.geometry.motion import OneEuro, interpolate_rotation, matrix_to_euler_zxy
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix, matrix_to_axis_angle


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


FILTER = OneEuro(min_cutoff=1.0, speed_gain=1.5)


def test_one_euro_by_hand():
    at_rest = OneEuro(min_cutoff=2.0, speed_gain=0.0)
    last = at_rest.start(torch.zeros(3))
    new = at_rest.step(last, torch.tensor([1.0, 0, 0]), 0.1)
    share = 2 * math.pi * 2 * 0.1 / (1 + 2 * math.pi * 2 * 0.1)
    torch.testing.assert_close(new.value, torch.tensor([share, 0, 0]))
    velocity = 10 * 2 * math.pi * 0.1 / (1 + 2 * math.pi * 0.1)
    torch.testing.assert_close(new.velocity, torch.tensor([velocity, 0, 0]))


def test_one_euro_on_rotations_about_one_axis_is_that_on_angles():
    angles = torch.tensor([0.0, 0.4, 0.3, 1.2, 2.9, 4.0], dtype=torch.float64)
    vectors = angles[:, None] * torch.tensor([0.6, 0.0, 0.8], dtype=torch.float64)
    plain, turned = FILTER.start(vectors[0]), FILTER.start(axis_angle_to_matrix(vectors[0]))
    for vector in vectors[1:]:
        plain = FILTER.step(plain, vector, 0.04)
        turned = FILTER.step_rotation(turned, axis_angle_to_matrix(vector), 0.04)
        torch.testing.assert_close(turned.value, axis_angle_to_matrix(plain.value))


def test_one_euro_steadies_a_still_pose_and_follows_a_fast_one():
    torch.manual_seed(0)
    still = axis_angle_to_matrix(torch.tensor([3.1, 0.3, 0.0]) + 0.05 * torch.randn(200, 3))
    fast = axis_angle_to_matrix(torch.linspace(0, 40, 200)[:, None] * torch.tensor([0.0, 1, 0]))
    outputs = []
    for rotations in (still, fast):
        state = FILTER.start(rotations[0])
        values = []
        for rotation in rotations[1:]:
            state = FILTER.step_rotation(state, rotation, 0.04)
            values.append(state.value)
        outputs.append(torch.stack(values))
    jitter = [
        matrix_to_axis_angle(r[:-1].transpose(-1, -2) @ r[1:]).norm(dim=-1).mean()
        for r in (still, outputs[0])
    ]
    assert jitter[1] < jitter[0] / 3
    lag = matrix_to_axis_angle(outputs[1].transpose(-1, -2) @ fast[1:]).norm(dim=-1)
    assert lag[50:].max() < 5.0 * 0.04
