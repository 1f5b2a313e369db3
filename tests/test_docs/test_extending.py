"""The parts of docs/extending.md at work, where to configure them says too little."""

import json

import cv2
import numpy as np
import pytest
from documents import python_blocks

from dpmesh_plugin.registry import DATASETS

ROW = {
    'file': 'a.png',
    'width': 80,
    'height': 60,
    'box': [20, 5, 30, 50],
    'keypoints': [[20.0 + joint, 10.0 + 2 * joint] for joint in range(17)],
    'scores': [0.9] * 17,
    'focal': [100, 100],
}
STEPS = ('LoadMeshImage', 'KeypointsToPrompt', 'CropBox', 'TopdownAffine', 'PackMeshInputs')


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """The config of the data set as the page shows it, with a picture where it expects one."""
    [block] = [body for *_, body in python_blocks() if 'class MyPhotos' in body]
    folder = tmp_path / 'data' / 'mine'
    folder.mkdir(parents=True)
    (folder / 'mine.json').write_text(json.dumps([ROW, ROW]))
    cv2.imwrite(str(folder / ROW['file']), np.zeros((ROW['height'], ROW['width'], 3), np.uint8))
    monkeypatch.chdir(tmp_path)
    names = {'__name__': 'page'}
    exec(compile(block, 'docs/extending.md', 'exec'), names)
    yield names['train_dataloader']['dataset']
    DATASETS.module_dict.pop('MyPhotos')


def test_the_data_set_gives_samples(photos):
    dataset = DATASETS.build({**photos, 'pipeline': [{'type': name} for name in STEPS]})
    info = dataset.get_data_info(1)
    assert info['sample_idx'] == 1
    assert {type(info[name]) for name in ('bbox_xywh', 'keypoints', 'focal_length')} == {np.ndarray}
    sample = dataset[1]['data_samples']
    assert sample.sample_idx == 1
    assert sample.prompt.keypoints_visible.sum() > 12
