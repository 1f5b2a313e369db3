"""Backbones: images and a condition to feature maps."""

from .blind_backbone import BlindBackbone
from .diffusion_prior_backbone import DiffusionPriorBackbone
from .image_backbone import ImageBackbone
from .torchvision_features import TorchvisionFeatures

__all__ = ['BlindBackbone', 'DiffusionPriorBackbone', 'ImageBackbone', 'TorchvisionFeatures']
