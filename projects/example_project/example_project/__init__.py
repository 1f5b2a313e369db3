"""Components of the example project. Importing them registers them."""

from .bone_length_error import BoneLengthError
from .patch_backbone import PatchBackbone

__all__ = ['BoneLengthError', 'PatchBackbone']
