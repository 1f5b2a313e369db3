"""Absolute error of what is known."""

from typing import Literal

from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.utils.choices import check_choice
from dpmesh_plugin.utils.distributed import share_of_total

Reduction = Literal['all', 'valid', 'none']


@MODELS.register_module()
class MaskedL1Loss(nn.Module):
    """Absolute error times validity, averaged.

    The published objective divides by the number of all elements, so that a sample with few valid
    elements weighs less. ``reduction='valid'`` divides by the number of valid ones instead; with
    several processes by their mean number, so that the mean of the terms of all processes is the
    term of their whole batch.

    Args:
        factor: Multiplies every element.
        reduction: ``'all'``: mean over all elements, as published; ``'valid'``: mean over the
            elements with validity, 0 if there is none; ``'none'``: no mean.

    Raises:
        ValueError: unknown reduction.

    Example:
        Errors 1 and 3, the second one invalid: 0.5 with ``'all'``, 1.0 with ``'valid'``.
    """

    def __init__(self, *, factor: float = 1.0, reduction: Reduction = 'all') -> None:
        super().__init__()
        check_choice('reduction', reduction, Reduction)
        self.factor = factor
        self.reduction = reduction

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Compute the term.

        Args:
            prediction: (B, ...), any unit.
            target: Same shape and unit.
            valid: Weight of every element, broadcastable to that shape; 0 where unknown.

        Returns:
            Scalar, or (B, ...) with reduction ``'none'``.

        Raises:
            ValueError: prediction and target differ in shape.
        """
        check_shapes(prediction, target)
        error = (prediction - target).abs() * valid * self.factor
        if self.reduction == 'none':
            return error
        if self.reduction == 'all':
            return error.mean()
        return error.sum() / share_of_total(valid.expand_as(error).sum(), minimum=1)


def check_shapes(prediction: Tensor, target: Tensor) -> None:
    """Refuse a target of another shape, which would be broadcast in silence."""
    if prediction.shape != target.shape:
        raise ValueError(
            f'expected a target of the shape of the prediction {tuple(prediction.shape)}, '
            f'got {tuple(target.shape)}'
        )
