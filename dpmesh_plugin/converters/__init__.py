"""Weights and body models of other projects in and out."""

from .coverage import Coverage
from .fill_rule import fill_value
from .official_checkpoint import dpmesh_to_official, official_to_dpmesh, read_release

__all__ = [
    'Coverage',
    'dpmesh_to_official',
    'fill_value',
    'official_to_dpmesh',
    'read_release',
]
