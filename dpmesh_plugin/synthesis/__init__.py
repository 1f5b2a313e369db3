"""SynthOC: generated scenes of occluded people with exact annotations."""

from .dataset_folder import DatasetRequest, annotation_file, is_complete
from .scene import Scene, SceneGenerator
from .truth import PersonTruth
from .writer import sample_rng, write_dataset

__all__ = [
    'DatasetRequest',
    'PersonTruth',
    'Scene',
    'SceneGenerator',
    'annotation_file',
    'is_complete',
    'sample_rng',
    'write_dataset',
]
