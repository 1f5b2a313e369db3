"""From the axes of a camera to those of the programs that open the files.

Convention: camera axes are x right, y down, z forward; export axes are x right, y up, z towards the
viewer, as glTF has them. Both are right-handed, half a turn about x apart, with the camera in the
origin: (1, 2, 3) becomes (1, -2, -3), and the camera looks along -z. Metres.
"""

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Points = TypeVar('Points', np.ndarray, Tensor)


def points_to_export_axes(points: Points) -> Points:
    """Points ``(..., 3)`` of camera axes in export axes, or back."""
    if isinstance(points, Tensor):
        return points * torch.tensor([1, -1, -1], dtype=points.dtype, device=points.device)
    return points * np.array([1, -1, -1], dtype=points.dtype)


def rotations_to_export_axes(rotations: Tensor) -> Tensor:
    """Rotations ``(..., 3, 3)`` that lead from a body into camera axes, then into export axes."""
    return points_to_export_axes(rotations.transpose(-1, -2)).transpose(-1, -2)
