"""Human3.6M: one person, indoors, four cameras, joints in space."""

from collections.abc import Mapping

from dpmesh_plugin.registry import DATASETS

from .schema_mesh_dataset import SchemaMeshDataset


@DATASETS.register_module()
class Human36MDataset(SchemaMeshDataset):
    """Human3.6M: one person, indoors, four cameras, joints in space.

    What to download and how to convert it: docs/data.md.
    """

    METAINFO: dict = SchemaMeshDataset.METAINFO | {'dataset_name': 'Human3.6M'}
    SUBSETS: Mapping[str, str] = {'train': 'h36m_train.json', 'test': 'h36m_test.json'}
    ANNOTATED_SET = 'h36m_17'
    IN_SPACE = True
    DATA_ROOT = 'data/h36m'
    IMAGES = 'images'
    LAYOUT = (
        'h36m_train.json and h36m_test.json (tools/dataset_converters/h36m.py) and the frames in '
        'images/'
    )
