"""Divergence of attention maps."""

from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS

# Least probability, so that a token nobody looks at has a logarithm.
EPSILON = 1e-6


@MODELS.register_module()
class MapDivergenceLoss(nn.Module):
    """Kullback-Leibler divergence of attention: how a cell shares itself out over the keypoints.

    The sum over keypoints of ``t * log(t / s)``, mean over cells, in float32.

    Args:
        factor: Multiplies the mean.

    Example:
        Two keypoints, teacher (0.5, 0.5), student (0.25, 0.75): 0.5 ln 2 + 0.5 ln (2/3) = 0.1438.
    """

    def __init__(self, *, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Compare maps (B, K, h, w) that sum to 1 over the keypoints."""
        student = student.float().clamp(min=EPSILON)
        teacher = teacher.float().clamp(min=EPSILON)
        return (teacher * (teacher / student).log()).sum(dim=1).mean() * self.factor
