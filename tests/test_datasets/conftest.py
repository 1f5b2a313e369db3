import copy
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from dpmesh_plugin.body_models import SMPL

WIDTH, HEIGHT = 96, 64
NUM_PEOPLE = 4


@pytest.fixture(scope='session')
def body_model() -> SMPL:
    return SMPL(genders=('neutral', 'male', 'female'))


def _annotation(index: int) -> dict:
    rng = np.random.default_rng(index)
    keypoints = np.concatenate([rng.uniform((30, 10), (60, 55), (18, 2)), np.ones((18, 1))], axis=1)
    return {
        'id': 100 + index,
        'image_id': index // 2,
        'category_id': 1,
        'iscrowd': 0,
        'bbox': [30, 8, 32, 50],
        'openpose_result': keypoints.round(3).reshape(-1).tolist(),
        'smpl_param': {
            'pose': [np.pi, 0, 0, *rng.normal(0, 0.1, 69).round(4)],
            'shape': rng.normal(0, 1, 10).round(4).tolist(),
            'trans': [0.1 * index, 0.2, 3.0],
            'gender': ('male', 'female', 'neutral', 'f')[index],
        },
        'visibility': [index % 6] * 30,
        'occlusion': 0.25 * index,
    }


def write_people(root: Path, model_id: str, edit=None) -> Path:
    """A data set of four people on two pictures in the extended 3DPW schema."""
    content = {
        'info': {'name': 'SynthOC', 'model_id': model_id, 'seed': 0, 'version': 1},
        'images': [
            {
                'id': index,
                'file_name': f'image_{index:05d}.jpg',
                'sequence': ('street', 'yard')[index],
                'width': WIDTH,
                'height': HEIGHT,
                'cam_param': {'focal': [100.0, 110.0], 'princpt': [47.0, 33.0]},
            }
            for index in range(2)
        ],
        'annotations': [_annotation(index) for index in range(NUM_PEOPLE)],
    }
    content = copy.deepcopy(content)
    if edit is not None:
        edit(content)
    for image in content['images']:
        path = root / 'imageFiles' / image['sequence'] / image['file_name']
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(image['id']).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        cv2.imwrite(str(path), cv2.GaussianBlur(pixels, (9, 9), 3))
    path = root / 'people.json'
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def people(tmp_path, body_model):
    """Writes the small data set, possibly edited, and returns the arguments to build it."""

    def write(edit=None) -> dict:
        write_people(tmp_path, body_model.model_id, edit)
        return {'type': 'PW3DDataset', 'data_root': str(tmp_path), 'ann_file': 'people.json'}

    return write


@pytest.fixture
def person(body_model) -> dict:
    """One person as a data set hands it to a pipeline, with the picture already read."""
    annotation = _annotation(1)
    pose = np.array(annotation['smpl_param']['pose'], np.float32)
    keypoints = np.array(annotation['openpose_result'], np.float32).reshape(18, 3)
    pixels = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return {
        'img': cv2.GaussianBlur(pixels, (9, 9), 3),
        'img_path': 'street/image_00000.jpg',
        'img_id': 0,
        'sequence': 'street',
        'sample_idx': 101,
        'ori_shape': (WIDTH, HEIGHT),
        'bbox_xywh': np.array(annotation['bbox'], np.float32),
        'keypoints': keypoints[:, :2],
        'keypoint_scores': keypoints[:, 2],
        'keypoint_set': 'openpose_18',
        'smpl': {
            'global_orient': pose[:3],
            'body_pose': pose[3:].reshape(23, 3),
            'betas': np.array(annotation['smpl_param']['shape'], np.float32),
            'transl': np.array(annotation['smpl_param']['trans'], np.float32),
        },
        'gender': 'female',
        'body_model_id': body_model.model_id,
        'focal_length': np.array([100, 110], np.float32),
        'principal_point': np.array([47, 33], np.float32),
        'visibility': np.zeros(30, np.int8),
    }


def _schema_person(index: int, body_model: SMPL) -> dict:
    """A body three metres away with its joints of ``h36m_17``, as JSON."""
    rng = np.random.default_rng(index)
    pose = np.array([np.pi, 0, 0, *rng.normal(0, 0.1, 69).round(4)])
    shape, trans = rng.normal(0, 1, 10).round(4), np.array([0.3 * index - 0.4, 0.2, 3.0])
    joints = body_model.keypoints(
        global_orient=torch.tensor(pose[None, :3], dtype=torch.float32),
        body_pose=torch.tensor(pose[3:].reshape(1, 23, 3), dtype=torch.float32),
        betas=torch.tensor(shape[None], dtype=torch.float32),
        transl=torch.tensor(trans[None], dtype=torch.float32),
        keypoint_set='h36m_17',
    )[0].numpy()
    pixels = joints[:, :2] / joints[:, 2:] * [60, 60] + [47, 33]
    low, size = pixels.min(axis=0), np.ptp(pixels, axis=0)
    return {
        'id': 200 + index,
        'image_id': index // 2,
        'bbox': [*low.tolist(), *size.tolist()],
        'keypoints': np.column_stack([pixels, np.ones(17)]).reshape(-1).tolist(),
        'keypoints_3d': joints.reshape(-1).tolist(),
        'smpl_param': {
            'pose': pose.tolist(),
            'shape': shape.tolist(),
            'trans': trans.tolist(),
            'gender': 'neutral',
        },
        'smpl_valid': 1,
    }


@pytest.fixture
def schema_people(tmp_path, body_model):
    """Writes four people in our schema, possibly edited, and returns arguments to build them."""

    def write(edit=None) -> dict:
        content = {
            'info': {
                'name': 'Human3.6M',
                'version': 1,
                'subset': 'train',
                'keypoint_set': 'h36m_17',
                'model_id': body_model.model_id,
            },
            'images': [
                {
                    'id': index,
                    'file_name': f's_01/{index}.png',
                    'width': WIDTH,
                    'height': HEIGHT,
                    'cam_param': {'focal': [60.0, 60.0], 'princpt': [47.0, 33.0]},
                }
                for index in range(2)
            ],
            'annotations': [_schema_person(index, body_model) for index in range(4)],
        }
        if edit is not None:
            edit(content)
        (tmp_path / 'images' / 's_01').mkdir(parents=True, exist_ok=True)
        for index in range(2):
            pixels = np.full((HEIGHT, WIDTH, 3), 40 * index + 60, np.uint8)
            cv2.imwrite(str(tmp_path / 'images' / 's_01' / f'{index}.png'), pixels)
        (tmp_path / 'h36m_train.json').write_text(json.dumps(content))
        return {'type': 'Human36MDataset', 'data_root': str(tmp_path)}

    return write
