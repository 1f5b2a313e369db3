"""Samples, prompts and keypoint sets."""

from .cutout import Cutout, CutoutSource, trimmed
from .keypoint_sets import (
    KEYPOINT_SETS,
    SUPERSETS,
    KeypointSet,
    get_keypoint_set,
    keypoint_map,
    map_keypoints,
    with_derived_joints,
)
from .mesh_batch import MeshBatch
from .mesh_data_sample import SMPL_FIELDS, MeshDataSample
from .prompt import BackboneOutput, Condition, KeypointPrompt
from .sample_fields import list_meta, stack_field, stack_meta
from .visibility import Visibility

__all__ = [
    'KEYPOINT_SETS',
    'SMPL_FIELDS',
    'SUPERSETS',
    'BackboneOutput',
    'Condition',
    'Cutout',
    'CutoutSource',
    'KeypointPrompt',
    'KeypointSet',
    'MeshBatch',
    'MeshDataSample',
    'Visibility',
    'get_keypoint_set',
    'keypoint_map',
    'list_meta',
    'map_keypoints',
    'stack_field',
    'stack_meta',
    'trimmed',
    'with_derived_joints',
]
