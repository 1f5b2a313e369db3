import numpy as np
import pytest

from dpmesh_plugin.apis.joint_layouts import match_joint_names, match_known_joints
from dpmesh_plugin.structures import get_keypoint_set


@pytest.mark.parametrize('name', ['coco_17', 'crowdpose_14', 'openpose_18', 'openpose_25'])
def test_a_set_is_known_by_its_names(name):
    layout = match_joint_names(get_keypoint_set(name).names)
    assert layout.keypoint_set == name
    np.testing.assert_array_equal(layout.positions, np.arange(layout.num_given))


def test_head_in_a_crowdpose_file_is_the_top_of_the_head():
    names = ['head' if n == 'head_top' else n for n in get_keypoint_set('crowdpose_14').names]
    assert match_joint_names(names).keypoint_set == 'crowdpose_14'
    assert match_joint_names(['head', 'chest']).keypoint_set == 'smpl_24'


def test_order_case_and_abbreviations_do_not_matter():
    names = list(get_keypoint_set('coco_17').names)[::-1]
    names = [n.replace('left_', 'L_').replace('right_', 'R-').title() for n in names]
    layout = match_joint_names(names)
    assert layout.keypoint_set == 'coco_17'
    np.testing.assert_array_equal(layout.positions, np.arange(17)[::-1])


def test_joints_that_a_file_lacks_have_no_position():
    layout = match_joint_names(['left_wrist', 'nose', 'left_eye'])
    assert layout.keypoint_set == 'coco_17'
    assert layout.num_given == 3
    wrist = get_keypoint_set('coco_17').index('left_wrist')
    assert (layout.positions[[0, 1, 2, wrist]] == [1, 2, -1, 0]).all()


def test_unknown_names_are_listed_with_the_known_sets():
    with pytest.raises(KeyError, match=r'unknown names: tail\).*coco_17.*openpose_25'):
        match_joint_names(['nose', 'tail'])
    with pytest.raises(KeyError, match='no known keypoint set'):
        match_joint_names([])


def test_joints_that_no_set_has_are_left_out():
    """As of a detector of the whole body: face and fingers are masked, toes are taken over."""
    coco = get_keypoint_set('coco_17').names
    feet = ('left_big_toe', 'left_small_toe', 'left_heel')
    names = [*coco, *feet, 'face-0', 'face-1', 'left_thumb1']
    layout = match_known_joints(names)
    joints = get_keypoint_set('openpose_25')
    assert (layout.keypoint_set, layout.num_given) == ('openpose_25', len(names))
    for joint, position in zip(joints.names, layout.positions, strict=True):
        assert position == (names.index(joint) if joint in names else -1)
    backwards = match_known_joints(coco[::-1])
    assert (backwards.keypoint_set, backwards.positions.tolist()) == (
        'coco_17',
        list(range(17))[::-1],
    )
    with pytest.raises(KeyError, match='unknown names: paw, tail'):
        match_known_joints(['tail', 'paw'])
