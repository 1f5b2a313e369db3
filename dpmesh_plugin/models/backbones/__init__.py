"""Backbones: images and a condition to feature maps."""

from .diffusion_prior_backbone import DiffusionPriorBackbone
from .image_backbone import ImageBackbone
from .torchvision_features import TorchvisionFeatures

__all__ = ['DiffusionPriorBackbone', 'ImageBackbone', 'TorchvisionFeatures']
