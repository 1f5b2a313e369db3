"""The training objective: named terms, weighted and summed."""

from collections.abc import Container

from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS

PUBLISHED_FACTORS = {
    'body_joint_cam': 2.0,
    'body_joint_img': 1 / 64,
    'body_joint_proj': 1.0,
    'smpl_joint_img': 1 / 64,
    'smpl_pose': 2.0,
    'smpl_shape': 2.0,
}
"""Factors of the six published terms, which are all L1."""

Operands = dict[str, tuple[Tensor, Tensor, Tensor]]


def published_terms(known: Container[str]) -> dict[str, dict]:
    """Configs of the published terms by name, those of them that are known."""
    return {
        name: {'type': 'MaskedL1Loss', 'factor': factor}
        for name, factor in PUBLISHED_FACTORS.items()
        if name in known
    }


@MODELS.register_module()
class MeshLoss(nn.Module):
    """Apply one loss per term, weight the terms, and name them for mmengine's summation.

    Args:
        terms: Loss of every term, a config or module called with prediction, target and validity.
            None: the six published terms with :class:`MaskedL1Loss`.
        weighting: Config or module that maps a dict of scalars to a dict of weighted scalars.
            None: all weights are 1.
    """

    def __init__(
        self,
        *,
        terms: dict[str, dict | nn.Module] | None = None,
        weighting: dict | nn.Module | None = None,
    ) -> None:
        super().__init__()
        if terms is None:
            terms = published_terms(PUBLISHED_FACTORS)
        self.terms = nn.ModuleDict({name: MODELS.build_part(part) for name, part in terms.items()})
        self.weighting = MODELS.build_part(weighting)

    def check_terms(self, known: tuple[str, ...]) -> None:
        """Refuse terms that a head cannot supply.

        Raises:
            KeyError: there is such a term; the message lists the known ones.
        """
        unknown = sorted(set(self.terms) - set(known))
        if unknown:
            raise KeyError(f'unknown loss terms {unknown}; this head supplies: {", ".join(known)}')

    def forward(self, operands: Operands) -> dict[str, Tensor]:
        """Compute all terms.

        Args:
            operands: Prediction, target and validity of every term, and possibly of more terms.

        Returns:
            ``loss_<term>``: the scalars whose sum is minimised. With a weighting also ``<term>``,
            the same without weight and without gradient, for the log.
        """
        raw = {name: term(*operands[name]) for name, term in self.terms.items()}
        if self.weighting is None:
            return {f'loss_{name}': value for name, value in raw.items()}
        weighted = {f'loss_{name}': value for name, value in self.weighting(raw).items()}
        return weighted | {name: value.detach() for name, value in raw.items()}
