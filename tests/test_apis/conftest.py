import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from dpmesh_plugin.apis import MeshInferencer
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import get_keypoint_set

CONFIG = 'configs/dpmesh_synth_oc_tiny.py'


@pytest.fixture(scope='session')
def config(repo_root):
    return str(repo_root / CONFIG)


@pytest.fixture(scope='session')
def checkpoint(config, tmp_path_factory):
    """Initial weights of the small model."""
    init_default_scope('dpmesh_plugin')
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'initial.pth'
    torch.save({'state_dict': MODELS.build(Config.fromfile(config).model).state_dict()}, path)
    return path


@pytest.fixture(scope='session')
def inferencer(config, checkpoint):
    return MeshInferencer(config, checkpoint, device='cpu')


@pytest.fixture
def photos(tmp_path):
    """A folder with three pictures of a standing figure, two with persons in the keypoint file."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in ('a.jpg', 'b.png', 'c.jpg'):
        cv2.imwrite(str(folder / name), random.integers(0, 255, (120, 160, 3), dtype=np.uint8))
    (folder / 'notes.txt').write_text('no image')
    persons = [(1, 'a.jpg', 40), (2, 'a.jpg', 100), (3, 'b.png', 80)]
    ids = {'a.jpg': 10, 'b.png': 20}
    content = {
        'images': [
            {'id': i, 'file_name': name, 'width': 160, 'height': 120} for name, i in ids.items()
        ],
        'categories': [{'id': 1, 'keypoints': list(get_keypoint_set('coco_17').names)}],
        'annotations': [
            {
                'id': id_,
                'image_id': ids[name],
                'category_id': 1,
                'keypoints': standing_figure(x).ravel().tolist(),
                'bbox': [x - 20, 10, 40, 100],
            }
            for id_, name, x in persons
        ],
    }
    (folder / 'keypoints.json').write_text(json.dumps(content))
    return folder


def standing_figure(x):
    """COCO joints (17, 3) of someone who stands at ``x`` and faces the camera."""
    heights = [20, 18, 18, 19, 19, 32, 32, 48, 48, 62, 62, 65, 65, 85, 85, 105, 105]
    offsets = [0, 2, -2, 4, -4, 9, -9, 12, -12, 13, -13, 6, -6, 7, -7, 7, -7]
    return np.stack([x + np.array(offsets), np.array(heights), np.full(17, 2)], axis=1)
