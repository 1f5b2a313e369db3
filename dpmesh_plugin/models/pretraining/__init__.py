"""Training of the diffusion model itself, on images."""

from .diffusion_pretrainer import DiffusionPretrainer

__all__ = ['DiffusionPretrainer']
