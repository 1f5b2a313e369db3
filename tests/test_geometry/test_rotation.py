import math

import pytest
import torch

from dpmesh_plugin.geometry.rotation import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    matrix_to_rotation_6d,
    mirror_pose,
    quaternion_to_axis_angle,
    rotate_in_plane,
    rotation_6d_to_matrix,
)

COS, SIN = math.cos(0.6), math.sin(0.6)


@pytest.fixture(scope='module')
def random_axis_angle():
    vectors = torch.randn(200, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    angles = torch.linspace(1e-6, math.pi - 1e-3, 200, dtype=torch.float64)
    return torch.nn.functional.normalize(vectors, dim=-1) * angles[:, None]


def test_rotation_convention_is_pinned_about_each_axis():
    matrices = axis_angle_to_matrix(0.6 * torch.eye(3, dtype=torch.float64))
    about_x = [[1, 0, 0], [0, COS, -SIN], [0, SIN, COS]]
    about_y = [[COS, 0, SIN], [0, 1, 0], [-SIN, 0, COS]]
    about_z = [[COS, -SIN, 0], [SIN, COS, 0], [0, 0, 1]]
    expected = torch.tensor([about_x, about_y, about_z], dtype=torch.float64)
    torch.testing.assert_close(matrices, expected)


def test_quaternion_is_scalar_first():
    matrix = axis_angle_to_matrix(torch.tensor([0.0, 0.6, 0.0], dtype=torch.float64))
    expected = torch.tensor([math.cos(0.3), 0, math.sin(0.3), 0], dtype=torch.float64)
    torch.testing.assert_close(matrix_to_quaternion(matrix), expected)
    torch.testing.assert_close(
        quaternion_to_axis_angle(-3 * expected), torch.tensor([0, 0.6, 0], dtype=torch.float64)
    )


def test_six_numbers_are_row_major_columns():
    matrix = rotation_6d_to_matrix(torch.tensor([2 * COS, -SIN, 2 * SIN, COS, 0.0, 0.0]))
    expected = torch.tensor([[COS, -SIN, 0.0], [SIN, COS, 0.0], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(matrix, expected)
    torch.testing.assert_close(
        matrix_to_rotation_6d(expected), torch.tensor([COS, -SIN, SIN, COS, 0.0, 0.0])
    )


def test_round_trips(random_axis_angle):
    matrix = axis_angle_to_matrix(random_axis_angle)
    identity = torch.eye(3, dtype=torch.float64).expand_as(matrix)
    torch.testing.assert_close(matrix @ matrix.mT, identity, atol=1e-14, rtol=0)
    torch.testing.assert_close(matrix_to_axis_angle(matrix), random_axis_angle, atol=1e-9, rtol=0)
    torch.testing.assert_close(rotation_6d_to_matrix(matrix_to_rotation_6d(matrix)), matrix)


def test_series_meets_the_closed_form():
    root = math.sqrt(1e-3)
    below, above = (
        axis_angle_to_matrix(torch.tensor([root * s, 0, 0], dtype=torch.float64))
        for s in (1 - 1e-9, 1 + 1e-9)
    )
    torch.testing.assert_close(below, above, atol=1e-10, rtol=0)
    assert abs(below[2, 1] - math.sin(root * (1 - 1e-9))) < 1e-16


@pytest.mark.parametrize('vector', [(0.0, 0.0, 0.0), (1e-4, 0.0, -2e-4), (0.6, -1.1, 2.0)])
def test_gradients(vector):
    axis_angle = torch.tensor([vector], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(axis_angle_to_matrix, axis_angle)

    def there_and_back(value):
        return matrix_to_axis_angle(axis_angle_to_matrix(value))

    assert torch.autograd.gradcheck(there_and_back, axis_angle)
    sixes = matrix_to_rotation_6d(axis_angle_to_matrix(axis_angle)).detach() * 1.7
    assert torch.autograd.gradcheck(
        lambda value: matrix_to_axis_angle(rotation_6d_to_matrix(value)), sixes.requires_grad_()
    )


def test_mirror_pose_swaps_sides_and_signs():
    pose = torch.zeros(2, 24, 3)
    pose[:, 1] = torch.tensor([0.1, 0.2, 0.3])
    mirrored = mirror_pose(pose)
    torch.testing.assert_close(mirrored[1, 2], torch.tensor([0.1, -0.2, -0.3]))
    assert mirrored[:, 1].abs().max() == 0
    torch.testing.assert_close(mirror_pose(mirrored), pose)
    with pytest.raises(ValueError, match=r'\(2, 72\)'):
        mirror_pose(pose.flatten(1))


def test_rotate_in_plane_turns_the_picture_counter_clockwise():
    turned = rotate_in_plane(torch.zeros(1, 3), torch.tensor([0.6]))
    torch.testing.assert_close(turned, torch.tensor([[0.0, 0.0, -0.6]]))
