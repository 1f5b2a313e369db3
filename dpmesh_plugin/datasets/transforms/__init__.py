"""Transforms of the data pipelines, in the order in which they are commonly used."""

from .augmentation import RandomChannelScale, RandomScaleRotateFlip
from .body_model_keypoints import BodyModelKeypoints
from .clean_prompt import CleanPrompt
from .crop_box import CropBox
from .cutout_occlusion import CutoutOcclusion
from .detector_noise import DetectorNoise
from .formatting import PackMeshInputs
from .keypoint_noise import KeypointCut, KeypointJitter
from .keypoint_prompt import KeypointsToPrompt
from .loading import LoadMeshImage
from .pictures import PackImage, RandomSquareCrop
from .posefix_noise import PoseFixNoise
from .rectangle_occlusion import RectangleOcclusion
from .targets import AnnotatedKeypoints, SMPLTargets
from .topdown_affine import TopdownAffine, TopdownCoordinates

__all__ = [
    'AnnotatedKeypoints',
    'BodyModelKeypoints',
    'CleanPrompt',
    'CropBox',
    'CutoutOcclusion',
    'DetectorNoise',
    'KeypointCut',
    'KeypointJitter',
    'KeypointsToPrompt',
    'LoadMeshImage',
    'PackImage',
    'PackMeshInputs',
    'PoseFixNoise',
    'RandomChannelScale',
    'RandomScaleRotateFlip',
    'RandomSquareCrop',
    'RectangleOcclusion',
    'SMPLTargets',
    'TopdownAffine',
    'TopdownCoordinates',
]
