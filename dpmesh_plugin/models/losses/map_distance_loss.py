"""Distance of feature maps."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.utils.choices import check_choice

Distance = Literal['l1', 'l2', 'cosine']


@MODELS.register_module()
class MapDistanceLoss(nn.Module):
    """Mean distance of two feature maps or volumes, in float32.

    Args:
        distance: ``'l1'``: mean of ``|s - t|``; ``'l2'``: mean of (s - t)^2; ``'cosine'``: one
            minus the cosine of the channels of a cell, mean over cells.
        factor: Multiplies the mean.

    Raises:
        ValueError: unknown distance.

    Example:
        One cell with channels (3, 4) against (4, 3): 1, 1, and 1 - 24/25 = 0.04.
    """

    def __init__(self, *, distance: Distance = 'l2', factor: float = 1.0) -> None:
        super().__init__()
        check_choice('distance', distance, Distance)
        self.distance = distance
        self.factor = factor

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Compare maps (B, C, ...) of equal shape."""
        student, teacher = student.float(), teacher.float()
        if self.distance == 'l1':
            return F.l1_loss(student, teacher) * self.factor
        if self.distance == 'l2':
            return F.mse_loss(student, teacher) * self.factor
        return (1 - F.cosine_similarity(student, teacher, dim=1)).mean() * self.factor
