"""Samples, prompts and keypoint sets."""

from .cutout import Cutout, CutoutSource, trimmed
from .keypoint_sets import (
    KEYPOINT_SETS,
    KeypointSet,
    get_keypoint_set,
    keypoint_map,
    map_keypoints,
    with_derived_joints,
)
from .mesh_data_sample import MeshDataSample
from .prompt import BackboneOutput, Condition, KeypointPrompt
from .visibility import Visibility

__all__ = [
    'KEYPOINT_SETS',
    'BackboneOutput',
    'Condition',
    'Cutout',
    'CutoutSource',
    'KeypointPrompt',
    'KeypointSet',
    'MeshDataSample',
    'Visibility',
    'get_keypoint_set',
    'keypoint_map',
    'map_keypoints',
    'trimmed',
    'with_derived_joints',
]
