"""From the original downloads of data sets to the schema of docs/data.md."""

from .bodies import load_body_model
from .coco import convert_coco
from .crowdpose import convert_crowdpose
from .frame_lists import Frames, read_frames
from .h36m import convert_h36m
from .muco import convert_muco
from .oh3d import convert_oh3d
from .panoptic import convert_panoptic
from .pw3d import convert_pw3d
from .schema_writer import Person, SchemaWriter

__all__ = [
    'Frames',
    'Person',
    'SchemaWriter',
    'convert_coco',
    'convert_crowdpose',
    'convert_h36m',
    'convert_muco',
    'convert_oh3d',
    'convert_panoptic',
    'convert_pw3d',
    'load_body_model',
    'read_frames',
]
