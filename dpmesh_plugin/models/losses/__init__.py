"""Terms of the training objective and their weighting."""

from .automatic_weighted_loss import AutomaticWeightedLoss
from .masked_l1_loss import MaskedL1Loss
from .mesh_loss import MeshLoss

__all__ = ['AutomaticWeightedLoss', 'MaskedL1Loss', 'MeshLoss']
