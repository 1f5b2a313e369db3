"""Result files in the formats of other programs."""

from .base_exporter import BaseExporter
from .bvh_exporter import BVHExporter
from .export import ExportReport, export_results
from .glb_exporter import GLBExporter
from .json_exporter import JSONExporter
from .mesh_exporters import MeshExporter, OBJExporter, PLYExporter
from .picture_exporters import GIFExporter, MP4Exporter, TurntableExporter, ViewsExporter

__all__ = [
    'BVHExporter',
    'BaseExporter',
    'ExportReport',
    'GIFExporter',
    'GLBExporter',
    'JSONExporter',
    'MP4Exporter',
    'MeshExporter',
    'OBJExporter',
    'PLYExporter',
    'TurntableExporter',
    'ViewsExporter',
    'export_results',
]
