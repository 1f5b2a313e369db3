"""Distance of points that are known."""

from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS

from .masked_l1_loss import check_shapes


@MODELS.register_module()
class MaskedDistanceLoss(nn.Module):
    """Euclidean distance of points times validity, averaged over all points: what MPJPE measures.

    Args:
        factor: Multiplies every distance.

    Example:
        Points (0, 3, 4) and (0, 0, 1) against the origin, the second one invalid: 2.5.
    """

    def __init__(self, *, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Compute the term.

        Args:
            prediction: (B, K, C) points, any unit.
            target: Same shape and unit.
            valid: (B, K, 1) weight of every point; 0 where unknown.

        Returns:
            Scalar.

        Raises:
            ValueError: prediction and target differ in shape.
        """
        check_shapes(prediction, target)
        return ((prediction - target).norm(dim=-1, keepdim=True) * valid).mean() * self.factor
