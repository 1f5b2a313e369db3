"""Keypoints drawn as maps."""

import torch
from torch import Tensor


def gaussian_heatmaps(points: Tensor, size: int, sigma: float) -> Tensor:
    """Draw one unnormalised Gaussian per point.

    Convention: cell centres lie at integer coordinates, x to the right, y down; a point at (3, 5)
    has its peak value 1 at row 5, column 3, and ``exp(-0.5)`` at ``sigma`` cells from there.

    Args:
        points: (B, K, 2) x, y in cells; may lie outside.
        size: Side of the maps in cells.
        sigma: Standard deviation in cells.

    Returns:
        (B, K, size, size).
    """
    cells = torch.arange(size, device=points.device, dtype=points.dtype)
    x, y = torch.exp(-(((cells - points[..., None]) / sigma) ** 2) / 2).unbind(dim=2)
    return y[..., :, None] * x[..., None, :]
