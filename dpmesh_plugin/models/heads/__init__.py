"""Heads: one fused map to a body and a camera."""

from .base_mesh_head import BaseMeshHead
from .body_surface_head import BodySurfaceHead
from .feature_volume import FeatureVolume
from .head_output import HeadOutput
from .hmr_head import HMRHead
from .image_transformer import ImageTransformer
from .keypoint_alignment import KeypointAlignment
from .mesh_targets import MeshTargets
from .pose_decoders import ContinuousPoseDecoder
from .readout_head import ReadoutHead
from .smpl_token_head import SMPLTokenHead
from .token_decoder import TokenDecoder

__all__ = [
    'BaseMeshHead',
    'BodySurfaceHead',
    'ContinuousPoseDecoder',
    'FeatureVolume',
    'HMRHead',
    'HeadOutput',
    'ImageTransformer',
    'KeypointAlignment',
    'MeshTargets',
    'ReadoutHead',
    'SMPLTokenHead',
    'TokenDecoder',
]
