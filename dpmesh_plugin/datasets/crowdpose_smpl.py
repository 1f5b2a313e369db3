"""CrowdPose with fitted bodies; joints in the image only."""

from collections.abc import Mapping

from dpmesh_plugin.registry import DATASETS

from .schema_mesh_dataset import SchemaMeshDataset


@DATASETS.register_module()
class CrowdPoseSMPLDataset(SchemaMeshDataset):
    """CrowdPose with fitted bodies; joints in the image only.

    What to download and how to convert it: docs/data.md.
    """

    METAINFO: dict = SchemaMeshDataset.METAINFO | {'dataset_name': 'CrowdPose'}
    SUBSETS: Mapping[str, str] = {
        'train': 'crowdpose_train.json',
        'val': 'crowdpose_val.json',
        'test': 'crowdpose_test.json',
    }
    ANNOTATED_SET = 'crowdpose_15'
    IN_SPACE = False
    DATA_ROOT = 'data/crowdpose'
    IMAGES = 'images'
    LAYOUT = (
        'crowdpose_train.json (tools/dataset_converters/crowdpose.py) and the pictures in images/'
    )
