"""Data sets, one file each, and the transforms of their pipelines."""

from . import transforms
from .base_mesh_dataset import BaseMeshDataset
from .collate import mesh_collate
from .pw3d import PW3DDataset

__all__ = ['BaseMeshDataset', 'PW3DDataset', 'mesh_collate', 'transforms']
