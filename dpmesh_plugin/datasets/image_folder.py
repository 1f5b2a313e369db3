"""Pictures without annotations."""

from pathlib import Path

from dpmesh_plugin.registry import DATASETS

from .base_mesh_dataset import BaseMeshDataset

SUFFIXES = ('.jpg', '.jpeg', '.png')


@DATASETS.register_module()
class ImageFolderDataset(BaseMeshDataset):
    """All JPEG and PNG files of a folder and the folders below it.

    An item has ``img_path``, ``sample_idx`` (its place in the sorted list) and ``ori_shape``, None
    until the picture is read. There is nothing else, so the pipeline is that of a training without
    people: ``LoadMeshImage``, ``RandomSquareCrop``, ``PackImage``.

    Its arguments are those of :class:`BaseMeshDataset`, of which ``data_root`` is the folder.

    Raises:
        FileNotFoundError: no such folder, or no picture in it.
    """

    METAINFO: dict = {'dataset_name': 'pictures'}
    LAYOUT = 'JPEG and PNG files, in folders or not'

    def load_data_list(self) -> list[dict]:
        """List the pictures."""
        folder = Path(self.data_prefix['img_path'] or self.data_root)
        paths = sorted(path for path in folder.rglob('*') if path.suffix.lower() in SUFFIXES)
        if not paths:
            raise FileNotFoundError(
                f'expected pictures ({", ".join(SUFFIXES)}) below {folder.absolute()}, found none: '
                'set data_root of the config to a folder of pictures'
            )
        return [
            {'sample_idx': index, 'img_path': str(path), 'ori_shape': None}
            for index, path in enumerate(paths)
        ]
