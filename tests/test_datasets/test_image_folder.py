import cv2
import numpy as np
import pytest

from dpmesh_plugin.registry import DATASETS, FUNCTIONS

PIPELINE = [
    {'type': 'LoadMeshImage'},
    {'type': 'RandomSquareCrop', 'input_size': 16},
    {'type': 'PackImage'},
]


def _write(folder, names):
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), np.full((30 + number, 40, 3), 10 * number, np.uint8))


def _build(folder):
    return DATASETS.build(
        {'type': 'ImageFolderDataset', 'data_root': str(folder), 'pipeline': PIPELINE}
    )


def test_pictures_of_all_folders(tmp_path):
    _write(tmp_path, ['b.png', 'a/c.png', 'a/d.JPG'])
    (tmp_path / 'notes.txt').touch()
    dataset = _build(tmp_path)
    names = [dataset.get_data_info(i)['img_path'][len(str(tmp_path)) + 1 :] for i in range(3)]
    assert names == ['a/c.png', 'a/d.JPG', 'b.png']
    batch = FUNCTIONS.get('mesh_collate')([dataset[0], dataset[2]])
    assert batch['inputs'].shape == (2, 3, 16, 16)
    assert batch['inputs'][0].unique().tolist() == [10]
    assert batch['data_samples'][1].sample_idx == 2


def test_a_folder_without_pictures(tmp_path):
    (tmp_path / 'notes.txt').touch()
    with pytest.raises(FileNotFoundError, match=r'expected pictures \(.jpg, .*found none'):
        _build(tmp_path)
    with pytest.raises(FileNotFoundError, match='data_root is .*absent, which does not exist'):
        _build(tmp_path / 'absent')
