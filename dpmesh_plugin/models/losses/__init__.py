"""Terms of the training objective and their weighting."""

from .automatic_weighted_loss import AutomaticWeightedLoss
from .map_distance_loss import MapDistanceLoss
from .map_divergence_loss import MapDivergenceLoss
from .masked_distance_loss import MaskedDistanceLoss
from .masked_l1_loss import MaskedL1Loss
from .mesh_loss import MeshLoss

__all__ = [
    'AutomaticWeightedLoss',
    'MapDistanceLoss',
    'MapDivergenceLoss',
    'MaskedDistanceLoss',
    'MaskedL1Loss',
    'MeshLoss',
]
