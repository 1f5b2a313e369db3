"""Errors in millimetres, and the protocol they were measured under."""

from .dump_predictions import DumpPredictions
from .mesh_metric import MeshMetric
from .protocol import PROTOCOL_KEY, benchmark_title

__all__ = ['PROTOCOL_KEY', 'DumpPredictions', 'MeshMetric', 'benchmark_title']
