"""Comparison with recorded numbers: the official ones, or this package's own of another day."""

from .check import WEIGHTLESS, check_parity
from .parity_set import ParitySet
from .rows import Report, Row

__all__ = ['WEIGHTLESS', 'ParitySet', 'Report', 'Row', 'check_parity']
