"""3DOH50K: people behind objects, with fitted bodies."""

from collections.abc import Mapping

from dpmesh_plugin.registry import DATASETS

from .schema_mesh_dataset import SchemaMeshDataset


@DATASETS.register_module()
class OH3DDataset(SchemaMeshDataset):
    """3DOH50K: people behind objects, with fitted bodies.

    What to download and how to convert it: docs/data.md.
    """

    METAINFO: dict = SchemaMeshDataset.METAINFO | {'dataset_name': '3DOH50K'}
    SUBSETS: Mapping[str, str] = {'test': '3doh_test.json', 'train': '3doh_train.json'}
    ANNOTATED_SET = 'smpl_24'
    IN_SPACE = None
    DATA_ROOT = 'data/oh3d'
    IMAGES = ''
    LAYOUT = '3doh_test.json (tools/dataset_converters/oh3d.py), testset/images and trainset/images'
