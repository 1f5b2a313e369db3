import numpy as np
import pytest

from dpmesh_plugin.registry import TRANSFORMS


def test_true_joints_in_the_form_of_a_prompt():
    keypoints = np.arange(60, dtype=np.float64).reshape(30, 2)
    valid, known = np.ones(30, np.float32), np.ones(30, bool)
    valid[[3, 4]] = 0  # 3 is outside of the crop, 4 is not annotated
    known[4] = False
    results = {
        'keypoints_2d': keypoints,
        'keypoints_2d_valid': valid,
        'keypoints_2d_known': known,
        'warp_mat': np.eye(3)[:2],
        'prompt_keypoints': 'stay',
    }
    results = TRANSFORMS.build({'type': 'CleanPrompt'})(results)
    assert results['clean_keypoints'].dtype == np.float32
    np.testing.assert_array_equal(results['clean_keypoints'][3], [6, 7])
    np.testing.assert_array_equal(results['clean_keypoints'][4], [0, 0])
    np.testing.assert_array_equal(np.flatnonzero(results['clean_visible'] == 0), [3, 4])
    assert results['prompt_keypoints'] == 'stay'


def test_before_the_crop_there_is_none():
    transform = TRANSFORMS.build({'type': 'CleanPrompt'})
    with pytest.raises(KeyError, match='needs warp_mat: it comes after TopdownAffine'):
        transform({'keypoints_2d': np.zeros((30, 2)), 'keypoints_2d_valid': np.ones(30)})


def test_equals_the_annotated_prompt_of_the_published_training(person, body_model):
    steps = [
        {'type': 'RandomScaleRotateFlip', 'flip_prob': 1.0},
        {'type': 'BodyModelKeypoints', 'body_model': body_model},
        {'type': 'KeypointsToPrompt', 'source': 'annotation'},
        {'type': 'CropBox', 'source': 'annotation'},
        {'type': 'TopdownAffine', 'absent_keypoints': 'zero', 'input_size': (48, 48)},
        {'type': 'CleanPrompt'},
    ]
    for step in steps:
        person = TRANSFORMS.build(step)(person)
    for clean, prompt in (('keypoints', 'keypoints'), ('visible', 'visible')):
        np.testing.assert_array_equal(person[f'clean_{clean}'], person[f'prompt_{prompt}'])
    assert 0 < person['clean_visible'].sum() < 30
