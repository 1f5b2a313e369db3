import math

import torch

from dpmesh_plugin.body_models.lbs import posed_transforms, shape_coefficients, skin
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix

# An arm of three joints on the x axis, 0.3 m apart, that starts at (0.1, 0, 0).
PARENTS = (-1, 0, 1)
JOINTS = torch.tensor([[[0.1, 0.0, 0.0], [0.4, 0.0, 0.0], [0.7, 0.0, 0.0]]])
COS, SIN = math.cos(0.6), math.sin(0.6)


def bent_arm():
    """Rotations that bend the middle joint by 0.6 rad about z."""
    return axis_angle_to_matrix(torch.tensor([[[0.0] * 3, [0.0, 0.0, 0.6], [0.0] * 3]]))


def test_coefficients_are_one_then_betas_then_rotation_minus_identity():
    coefficients = shape_coefficients(torch.tensor([[2.0, 3.0]]), bent_arm())
    assert coefficients.shape == (1, 1 + 2 + 18)
    torch.testing.assert_close(coefficients[0, :3], torch.tensor([1.0, 2.0, 3.0]))
    expected = torch.tensor([COS - 1, -SIN, 0, SIN, COS - 1, 0, 0, 0, 0] + [0.0] * 9)
    torch.testing.assert_close(coefficients[0, 3:], expected)


def test_rest_pose_moves_nothing():
    identity = torch.eye(3).expand(1, 3, 3, 3)
    joints, transforms = posed_transforms(identity, JOINTS, PARENTS)
    torch.testing.assert_close(joints, JOINTS)
    torch.testing.assert_close(transforms, torch.eye(3, 4).expand(1, 3, 3, 4))


def test_bent_joint_carries_its_child():
    joints, _ = posed_transforms(bent_arm(), JOINTS, PARENTS)
    torch.testing.assert_close(joints[0, :2], JOINTS[0, :2])
    expected = torch.tensor([0.4 + 0.3 * COS, 0.3 * SIN, 0.0])
    torch.testing.assert_close(joints[0, 2], expected)


def test_vertices_follow_their_joints():
    _, transforms = posed_transforms(bent_arm(), JOINTS, PARENTS)
    vertices = torch.tensor([[0.2, 0.05, 0.0], [0.5, 0.0, 0.02]])
    weights = torch.tensor([[1.0, 0.0], [0.0, 0.5], [0.0, 0.5]])
    posed = skin(vertices.T[None], transforms, weights)
    expected = torch.tensor([[0.2, 0.05, 0.0], [0.4 + 0.1 * COS, 0.1 * SIN, 0.02]])
    torch.testing.assert_close(posed[0], expected)


def test_skinning_mixes_transforms_linearly():
    _, transforms = posed_transforms(bent_arm(), JOINTS, PARENTS)
    posed = skin(
        torch.tensor([[[0.5], [0.0], [0.0]]]), transforms, torch.tensor([[0.5], [0.5], [0]])
    )
    expected = torch.tensor([0.45 + 0.05 * COS, 0.05 * SIN, 0.0])
    torch.testing.assert_close(posed[0, 0], expected)
