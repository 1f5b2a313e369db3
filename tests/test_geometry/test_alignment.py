import pytest
import torch

from dpmesh_plugin.geometry.alignment import similarity_align, similarity_transform
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix


@pytest.fixture
def points():
    generator = torch.Generator().manual_seed(3)
    return torch.randn(5, 14, 3, generator=generator, dtype=torch.float64)


def test_known_transform_is_recovered(points):
    rotation = axis_angle_to_matrix(torch.tensor([0.6, -0.2, 1.1], dtype=torch.float64))
    shift = torch.tensor([0.3, -2.0, 5.0], dtype=torch.float64)
    target = 1.7 * points @ rotation.mT + shift
    scale, found_rotation, translation = similarity_transform(points, target)
    torch.testing.assert_close(scale, torch.full((5,), 1.7, dtype=torch.float64))
    torch.testing.assert_close(found_rotation, rotation.expand(5, 3, 3))
    torch.testing.assert_close(translation, shift.expand(5, 3))
    torch.testing.assert_close(similarity_align(points, target), target)


def test_a_batch_equals_its_samples(points):
    target = points.flip(0) + 0.1 * points
    batched = similarity_align(points, target)
    for row in range(len(points)):
        single = similarity_align(points[row : row + 1], target[row : row + 1])
        torch.testing.assert_close(batched[row : row + 1], single)


def test_mirrored_points_are_not_reflected(points):
    mirrored = points * points.new_tensor([-1, 1, 1])
    _, rotation, _ = similarity_transform(mirrored, points)
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(5, dtype=torch.float64))


def test_gradient(points):
    source = points[:2, :6].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda value: similarity_align(value, points[2:4, :6]), source)


def test_shapes_must_agree(points):
    with pytest.raises(ValueError, match=r'\(5, 14, 3\) and target \(5, 13, 3\)'):
        similarity_align(points, points[:, 1:])
