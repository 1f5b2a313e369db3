"""MuCo-3DHP: composites of up to four people of MPI-INF-3DHP, joints in space."""

from collections.abc import Mapping

from dpmesh_plugin.registry import DATASETS

from .schema_mesh_dataset import SchemaMeshDataset


@DATASETS.register_module()
class MuCo3DHPDataset(SchemaMeshDataset):
    """MuCo-3DHP: composites of up to four people of MPI-INF-3DHP, joints in space.

    What to download and how to convert it: docs/data.md.
    """

    METAINFO: dict = SchemaMeshDataset.METAINFO | {'dataset_name': 'MuCo-3DHP'}
    SUBSETS: Mapping[str, str] = {'train': 'muco_train.json'}
    ANNOTATED_SET = 'muco_21'
    IN_SPACE = True
    DATA_ROOT = 'data/muco'
    IMAGES = 'images'
    LAYOUT = (
        'muco_train.json (tools/dataset_converters/muco.py), images/augmented_set and '
        'images/unaugmented_set'
    )
