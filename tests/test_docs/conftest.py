"""A folder like a fresh clone, with the small things that documented commands ask for."""

import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from dpmesh_plugin.structures import get_keypoint_set

sys.path.insert(0, str(Path(__file__).parent))  # documents.py

HEIGHTS = [20, 18, 18, 19, 19, 32, 32, 48, 48, 62, 62, 65, 65, 85, 85, 105, 105]
OFFSETS = [0, 2, -2, 4, -4, 9, -9, 12, -12, 13, -13, 6, -6, 7, -7, 7, -7]
COPIED = (
    'checkpoints',
    'configs',
    'docs',
    'projects',
    'requirements',
    'tools',
    'Makefile',
    'setup.py',
)


@pytest.fixture(scope='session')
def checkout(repo_root, tmp_path_factory):
    """The folder: a copy without links, so that no command can change the repository."""
    folder = tmp_path_factory.mktemp('checkout')
    ignored = shutil.ignore_patterns('__pycache__', '_build', 'generated')
    for name in COPIED:
        if (repo_root / name).is_file():
            shutil.copy(repo_root / name, folder / name)
        else:
            shutil.copytree(repo_root / name, folder / name, ignore=ignored)
    shutil.copy(Path(__file__).parent / 'configs' / 'tiny.py', folder)
    write_photos(folder)
    return folder


def write_photos(folder):
    """A picture of a standing figure, a video of it, and COCO-style keypoints of both."""
    (folder / 'photos').mkdir()
    picture = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / 'photos' / 'a.jpg'), picture)
    codec = cv2.VideoWriter_fourcc(*'mp4v')
    video = cv2.VideoWriter(str(folder / 'clip.mp4'), codec, 12.5, (160, 120))
    for _ in range(3):
        video.write(picture)
    video.release()
    frames = [f'clip_{number:06d}.jpg' for number in range(3)]
    for path, names in (('keypoints.json', ['a.jpg']), ('clip_keypoints.json', frames)):
        (folder / path).write_text(json.dumps(keypoints_of(names)))


def keypoints_of(names):
    """COCO-style keypoints of someone who stands in the middle of every image."""
    figure = np.stack([80 + np.array(OFFSETS), np.array(HEIGHTS), np.full(17, 2)], axis=1)
    images = [
        {'id': number, 'file_name': name, 'width': 160, 'height': 120}
        for number, name in enumerate(names)
    ]
    annotations = [
        {
            'id': image['id'],
            'image_id': image['id'],
            'category_id': 1,
            'keypoints': figure.ravel().tolist(),
            'bbox': [60, 10, 40, 100],
        }
        for image in images
    ]
    categories = [{'id': 1, 'keypoints': list(get_keypoint_set('coco_17').names)}]
    return {'images': images, 'annotations': annotations, 'categories': categories}
