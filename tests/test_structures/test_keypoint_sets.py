import numpy as np
import pytest

from dpmesh_plugin.structures import (
    KEYPOINT_SETS,
    get_keypoint_set,
    map_keypoints,
    with_derived_joints,
)


@pytest.mark.parametrize('name', sorted(KEYPOINT_SETS))
def test_sets_are_consistent(name):
    keypoint_set = get_keypoint_set(name)
    assert len(set(keypoint_set.names)) == keypoint_set.num
    flip = keypoint_set.flip_indices
    np.testing.assert_array_equal(flip[flip], np.arange(keypoint_set.num))
    assert {joint for link in keypoint_set.links for joint in link} <= set(range(keypoint_set.num))


def test_flip_swaps_left_and_right():
    coco = get_keypoint_set('coco_17')
    assert coco.names[coco.flip_indices[coco.index('left_wrist')]] == 'right_wrist'
    assert coco.flip_indices[coco.index('nose')] == coco.index('nose')


def test_map_keypoints_puts_zeros_where_a_joint_is_absent():
    keypoints = np.arange(28, dtype=np.float32).reshape(14, 2) + 1
    mapped = map_keypoints(keypoints, 'crowdpose_14', 'coco_17')
    coco = get_keypoint_set('coco_17')
    np.testing.assert_array_equal(mapped[coco.index('nose')], 0)
    np.testing.assert_array_equal(mapped[coco.index('right_elbow')], [7, 8])
    assert mapped.dtype == np.float32


def test_map_keypoints_refuses_a_wrong_length():
    with pytest.raises(ValueError, match=r"expected 17 joints of 'coco_17'.*\(14, 2\)"):
        map_keypoints(np.zeros((14, 2)), 'coco_17', 'dpmesh_30')


def test_unknown_set_lists_the_known_ones():
    with pytest.raises(KeyError, match='halpe_26.*coco_17'):
        get_keypoint_set('halpe_26')
    with pytest.raises(KeyError, match='tail.*nose'):
        get_keypoint_set('coco_17').index('tail')


def test_derived_joints_are_means_with_the_product_of_scores():
    coco = get_keypoint_set('coco_17')
    keypoints, scores = np.zeros((17, 2)), np.full(17, 0.5)
    keypoints[coco.index('left_hip')], keypoints[coco.index('right_hip')] = (10, 20), (30, 60)
    keypoints, scores, name = with_derived_joints(keypoints, scores, 'coco_17')
    extended = get_keypoint_set(name)
    assert name == 'coco_19'
    np.testing.assert_array_equal(keypoints[extended.index('pelvis')], [20, 40])
    np.testing.assert_array_equal(scores[17:], [0.25, 0.25])


def test_derived_joints_leave_a_set_that_has_them():
    keypoints, scores, name = with_derived_joints(np.ones((25, 2)), np.ones(25), 'openpose_25')
    assert (keypoints.shape, scores.shape, name) == ((25, 2), (25,), 'openpose_25')
