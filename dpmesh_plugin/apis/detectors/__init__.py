"""Detectors of people and their joints, chosen by one entry of a config."""

from .base_detector import BaseDetector, PersonSource, TopDownDetector
from .build_detector import build_detector
from .mmdet_person_detector import MMDetPersonDetector
from .mmpose_detector import MMPoseDetector
from .torchvision_keypoint_rcnn import TorchvisionKeypointRCNN

__all__ = [
    'BaseDetector',
    'MMDetPersonDetector',
    'MMPoseDetector',
    'PersonSource',
    'TopDownDetector',
    'TorchvisionKeypointRCNN',
    'build_detector',
]
