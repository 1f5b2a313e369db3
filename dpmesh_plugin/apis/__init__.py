"""Using a trained model: given keypoints, inference, results as files."""

from .keypoint_files import KeypointFile, read_keypoints
from .mesh_file import ImageMeshes, load_meshes, save_meshes
from .mesh_inferencer import InferenceReport, MeshInferencer, Problem
from .person import ImageKeypoints, Person
from .video_options import VideoOptions

__all__ = [
    'ImageKeypoints',
    'ImageMeshes',
    'InferenceReport',
    'KeypointFile',
    'MeshInferencer',
    'Person',
    'Problem',
    'VideoOptions',
    'load_meshes',
    'read_keypoints',
    'save_meshes',
]
