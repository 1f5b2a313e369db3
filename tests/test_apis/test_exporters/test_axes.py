import numpy as np
import torch

from dpmesh_plugin.apis.exporters.axes import points_to_export_axes, rotations_to_export_axes
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix


def test_points():
    assert points_to_export_axes(np.array([[1.0, 2, 3]])).tolist() == [[1, -2, -3]]
    points = torch.tensor([[1.0, 2, 3]])
    assert points_to_export_axes(points).tolist() == [[1, -2, -3]]
    torch.testing.assert_close(points_to_export_axes(points_to_export_axes(points)), points)


def test_rotations_agree_with_points_and_stay_rotations():
    rotation = axis_angle_to_matrix(torch.tensor([[0.6, -0.2, 0.9]], dtype=torch.float64))
    exported = rotations_to_export_axes(rotation)
    point = torch.tensor([0.3, 0.1, -0.7], dtype=torch.float64)
    torch.testing.assert_close(exported @ point, points_to_export_axes(rotation @ point))
    torch.testing.assert_close(torch.linalg.det(exported), torch.ones(1, dtype=torch.float64))
