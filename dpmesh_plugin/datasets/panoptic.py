"""CMU Panoptic: groups of people in a dome, joints in space, no bodies."""

from collections.abc import Mapping

from dpmesh_plugin.registry import DATASETS

from .schema_mesh_dataset import SchemaMeshDataset


@DATASETS.register_module()
class PanopticDataset(SchemaMeshDataset):
    """CMU Panoptic: groups of people in a dome, joints in space, no bodies.

    What to download and how to convert it: docs/data.md.
    """

    METAINFO: dict = SchemaMeshDataset.METAINFO | {'dataset_name': 'CMU-Panoptic'}
    SUBSETS: Mapping[str, str] = {'test': 'panoptic_test.json'}
    ANNOTATED_SET = 'coco_19'
    IN_SPACE = True
    DATA_ROOT = 'data/panoptic'
    IMAGES = ''
    LAYOUT = 'panoptic_test.json (tools/dataset_converters/panoptic.py) and SEQUENCE/hdImgs/CAMERA'
