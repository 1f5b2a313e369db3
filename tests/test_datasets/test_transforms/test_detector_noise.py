import numpy as np
import pytest
import torch

from dpmesh_plugin.datasets.detector_noise import DetectorErrors, write_errors
from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import get_keypoint_set

JOINTS = get_keypoint_set('dpmesh_30')
NECK, PELVIS = JOINTS.index('neck'), JOINTS.index('pelvis')


def _errors(**changes) -> DetectorErrors:
    """A detector of COCO joints that never errs, but for the changes."""
    none = np.zeros(17)
    values = dict.fromkeys(('jitter', 'wild_share', 'side_swap', 'person_swap'), none)
    values |= {
        'keypoint_set': 'coco_17',
        'threshold': 0.05,
        'spread': np.ones(6),
        'wild_jitter': 0.3,
        'miss': np.zeros((6, 17)),
        'confidence': np.full((6, 11), 0.5),
        'wrong_confidence': np.full(11, 0.3),
    }
    return DetectorErrors(**values | changes)


def _person() -> dict:
    keypoints = np.random.default_rng(0).uniform(20, 180, (30, 2)).astype(np.float32)
    keypoints[JOINTS.index('nose')] = (10, -5)
    return {
        'prompt_keypoints': keypoints,
        'prompt_scores': np.ones(30, np.float32),
        'prompt_visible': np.ones(30, np.float32),
        'prompt_known': np.ones(30, bool),
        'prompt_set': 'dpmesh_30',
        'bbox_xywh': np.array([20, 20, 160, 160], np.float32),
        'ori_shape': (200, 200),
        'visibility': np.zeros(30, np.int8),
    }


def _noise(errors):
    return TRANSFORMS.build({'type': 'DetectorNoise', 'errors': errors})


def test_the_prompt_is_that_of_the_detector(tmp_path):
    write_errors(_errors(), tmp_path / 'exact.json')
    before = _person()
    results = _noise(str(tmp_path / 'exact.json'))(_person())
    known = results['prompt_known']
    assert known.sum() == 19  # 17 joints of COCO, pelvis and neck
    coco = known.copy()
    coco[[NECK, PELVIS]] = False
    np.testing.assert_allclose(
        results['prompt_keypoints'][coco], before['prompt_keypoints'][coco], atol=1e-3
    )
    hips = [JOINTS.index(f'{side}_hip') for side in ('left', 'right')]
    np.testing.assert_allclose(
        results['prompt_keypoints'][PELVIS],
        before['prompt_keypoints'][hips].mean(axis=0),
        rtol=1e-5,
    )
    assert results['prompt_scores'][PELVIS] == pytest.approx(0.25)
    np.testing.assert_array_equal(results['prompt_visible'], known)
    assert results['prompt_keypoints'].dtype == results['prompt_visible'].dtype == np.float32


def test_causes_and_the_border_of_the_image_count():
    miss = np.zeros((6, 17))
    miss[[3, 4]] = 1
    person = _person()
    person['visibility'][JOINTS.index('left_knee')] = 3
    visible = _noise(_errors(miss=miss))(person)['prompt_visible']
    gone = [JOINTS.index(name) for name in ('left_knee', 'nose')]
    assert not visible[gone].any()
    assert visible.sum() == 17


def test_hidden_truth_is_not_detected():
    person = _person()
    person['prompt_visible'][JOINTS.index('left_hip')] = 0
    results = _noise(_errors())(person)
    assert results['prompt_visible'].sum() == 17  # without that hip there is no pelvis either


def test_joints_of_a_neighbour():
    person = _person()
    person['neighbours'] = np.full((1, 17, 3), 150, np.float32)
    person['neighbours'][0, 9:, 2] = 0
    results = _noise(_errors(person_swap=np.ones(17)))(person)
    there = (results['prompt_keypoints'] == 150).all(axis=1)
    names = {JOINTS.names[index] for index in np.flatnonzero(there)}
    assert names <= {*get_keypoint_set('coco_17').names[:9], 'neck'}
    assert 'left_elbow' in names


def test_draws_follow_the_global_seed():
    noise = _noise(_errors(jitter=np.full(17, 0.05)))
    draws = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        draws.append(noise(_person())['prompt_keypoints'])
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


def test_a_crop_is_refused():
    with pytest.raises(ValueError, match='put it before TopdownAffine'):
        _noise(_errors())(_person() | {'warp_mat': np.eye(2, 3)})
    with pytest.raises(FileNotFoundError, match='nowhere.json'):
        _noise('nowhere.json')
