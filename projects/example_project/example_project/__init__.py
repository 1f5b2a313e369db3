"""Components of the example project. Importing them registers them."""

from .patch_backbone import PatchBackbone

__all__ = ['PatchBackbone']
