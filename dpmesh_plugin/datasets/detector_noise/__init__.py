"""Errors of 2D keypoint detectors: measured on detections, kept in a file, drawn in training."""

from .detector_errors import CAUSES, NEIGHBOUR_REACH, DetectorErrors, read_errors, write_errors
from .drawing import TruePerson, draw_detection, nearest_joints
from .fitting import fit_errors
from .observations import Observations

__all__ = [
    'CAUSES',
    'NEIGHBOUR_REACH',
    'DetectorErrors',
    'Observations',
    'TruePerson',
    'draw_detection',
    'fit_errors',
    'nearest_joints',
    'read_errors',
    'write_errors',
]
