"""Errors in millimetres, and the protocol they were measured under."""

from .dump_predictions import DumpPredictions
from .joint_metric import JointMetric
from .mesh_metric import MeshMetric
from .metric_entries import entries_of, metric_entries
from .protocol import PROTOCOL_KEY, benchmark_title

__all__ = [
    'PROTOCOL_KEY',
    'DumpPredictions',
    'JointMetric',
    'MeshMetric',
    'benchmark_title',
    'entries_of',
    'metric_entries',
]
