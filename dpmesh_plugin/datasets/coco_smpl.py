"""MSCOCO 2017 people with fitted bodies; joints in the image only."""

from collections.abc import Mapping

from dpmesh_plugin.registry import DATASETS

from .schema_mesh_dataset import SchemaMeshDataset


@DATASETS.register_module()
class CocoSMPLDataset(SchemaMeshDataset):
    """MSCOCO 2017 people with fitted bodies; joints in the image only.

    What to download and how to convert it: docs/data.md.
    """

    METAINFO: dict = SchemaMeshDataset.METAINFO | {'dataset_name': 'MSCOCO'}
    SUBSETS: Mapping[str, str] = {'train': 'coco_train.json', 'val': 'coco_val.json'}
    ANNOTATED_SET = 'coco_18'
    IN_SPACE = False
    DATA_ROOT = 'data/coco'
    IMAGES = 'images'
    LAYOUT = 'coco_train.json (tools/dataset_converters/coco.py) and images/train2017'
