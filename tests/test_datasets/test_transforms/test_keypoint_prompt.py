import numpy as np
import pytest

from dpmesh_plugin.datasets.transforms import KeypointsToPrompt
from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import get_keypoint_set

JOINTS = get_keypoint_set('dpmesh_30')


def _coco(scores: dict[str, float]) -> dict:
    names = get_keypoint_set('coco_17').names
    return {
        'keypoints': np.stack([np.arange(17.0), np.arange(17.0) * 10], axis=1),
        'keypoint_scores': np.array([scores.get(name, 1.0) for name in names]),
        'keypoint_set': 'coco_17',
    }


def test_joints_are_mapped_and_derived():
    results = TRANSFORMS.build({'type': 'KeypointsToPrompt'}).transform(
        _coco({'left_hip': 0.5, 'right_hip': 0.4})
    )
    # coco_17 has left_hip 11, right_hip 12
    np.testing.assert_allclose(results['prompt_keypoints'][JOINTS.index('left_hip')], [11, 110])
    np.testing.assert_allclose(results['prompt_keypoints'][JOINTS.index('pelvis')], [11.5, 115])
    assert results['prompt_scores'][JOINTS.index('pelvis')] == pytest.approx(0.2)
    assert results['prompt_visible'][JOINTS.index('pelvis')] == 1
    toe = JOINTS.index('left_toe')
    assert not results['prompt_keypoints'][toe].any()
    assert not results['prompt_known'][toe]
    assert results['prompt_visible'].sum() == 19 == results['prompt_known'].sum()
    assert results['prompt_set'] == 'dpmesh_30'


def test_threshold_is_exclusive():
    results = KeypointsToPrompt().transform(_coco({'nose': 0.05, 'left_eye': 0.0501}))
    assert results['prompt_visible'][JOINTS.index('nose')] == 0
    assert results['prompt_visible'][JOINTS.index('left_eye')] == 1


def test_true_joints_out_of_depth_are_invisible():
    joints = np.zeros((30, 3), np.float32)
    joints[:3, 2] = [-1.0, 1.0, 0.99]
    results = KeypointsToPrompt(source='annotation').transform(
        {
            'keypoints_2d': np.ones((30, 2)),
            'keypoints_2d_valid': np.r_[np.ones(10), np.zeros(20)],
            'keypoints_3d': joints,
        }
    )
    assert results['prompt_visible'].tolist() == [1, 0, *[1] * 8, *[0] * 20]
    assert results['prompt_known'].all()


def test_keypoints_of_another_set_are_named():
    person = _coco({}) | {'keypoint_set': 'openpose_18', 'sample_idx': 4, 'img_path': 'a.jpg'}
    with pytest.raises(ValueError, match=r"a.jpg, annotation 4: .*'openpose_18' .*\(18, 2\).*17"):
        KeypointsToPrompt().transform(person)
    with pytest.raises(KeyError, match="'coco_99'; known: .*coco_17"):
        KeypointsToPrompt().transform(_coco({}) | {'keypoint_set': 'coco_99'})
    with pytest.raises(ValueError, match=r"source \('detection', 'annotation'\), got 'truth'"):
        KeypointsToPrompt(source='truth')
