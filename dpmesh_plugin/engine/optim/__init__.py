"""The optimiser: precision, clipping, and one group of parameters per part."""

from .mesh_optim_wrapper import MeshOptimWrapper
from .part_optim_wrapper_constructor import PartOptimWrapperConstructor

__all__ = ['MeshOptimWrapper', 'PartOptimWrapperConstructor']
