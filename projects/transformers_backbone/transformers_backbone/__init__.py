"""Components of the project. Importing them registers them."""

from .feature_pyramid import FeaturePyramid
from .transformers_features import TransformersFeatures

__all__ = ['FeaturePyramid', 'TransformersFeatures']
