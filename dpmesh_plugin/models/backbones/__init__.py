"""Backbones: images and a condition to feature maps."""

from .diffusion_prior_backbone import DiffusionPriorBackbone

__all__ = ['DiffusionPriorBackbone']
