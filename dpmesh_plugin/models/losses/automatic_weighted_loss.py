"""Weights of loss terms as learned parameters."""

import torch
from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS


@MODELS.register_module()
class AutomaticWeightedLoss(nn.Module):
    """Weight every term by a learned uncertainty: ``0.5 / p^2 * L + ln(1 + p^2)``.

    Terms take the parameters in alphabetical order of their names. The published model has nine
    parameters for six terms; the last three never matter and are kept so that its training
    snapshots can be read.

    Source: Kendall et al., CVPR 2018, with the positive regulariser of Liebel and Koerner,
    arXiv:1805.06334.

    Args:
        num_parameters: Number of parameters, at least the number of terms.
    """

    def __init__(self, *, num_parameters: int = 9) -> None:
        super().__init__()
        self.params = nn.Parameter(torch.ones(num_parameters))

    def forward(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weight the terms.

        Args:
            terms: Scalars by name.

        Returns:
            Weighted scalars by the same names.

        Raises:
            ValueError: there are more terms than parameters.
        """
        if len(terms) > len(self.params):
            raise ValueError(
                f'expected at most {len(self.params)} loss terms, got {len(terms)}: '
                f'{", ".join(sorted(terms))}; raise num_parameters'
            )
        squares = self.params.square()
        return {
            name: 0.5 / square * terms[name] + torch.log1p(square)
            for name, square in zip(sorted(terms), squares, strict=False)
        }
