import numpy as np
import pytest

from dpmesh_plugin.structures import get_keypoint_set
from dpmesh_plugin.visualization.keypoints import (
    LEFT,
    MIDDLE,
    RIGHT,
    confidence_color,
    draw_keypoints,
)

IMAGE = np.full((256, 256, 3), 20, np.uint8)
COCO = get_keypoint_set('coco_17')


def only(*joints, score=1.0):
    """Keypoints in a grid, of which only the named ones have a score."""
    keypoints = np.array([[20 + 50 * (i % 5), 20 + 50 * (i // 5)] for i in range(17)], np.float32)
    scores = np.zeros(17, np.float32)
    for joint in joints:
        scores[COCO.index(joint)] = score
    return keypoints, scores


def pixel(image, keypoint):
    x, y = keypoint.astype(int)
    return tuple(image[y, x].tolist())


def test_points_show_their_confidence_and_absent_ones_are_not_drawn():
    keypoints, scores = only('nose', score=0.5)
    drawn = draw_keypoints(IMAGE, keypoints, scores, 'coco_17')
    assert pixel(drawn, keypoints[0]) == (254, 224, 80) == confidence_color(0.5)
    rows, columns = np.nonzero((drawn != 20).any(axis=2))
    assert abs(columns - 20).max() <= 5
    assert abs(rows - 20).max() <= 5
    assert (IMAGE == 20).all()


def test_certain_points_are_larger():
    sizes = [
        (draw_keypoints(IMAGE, *only('nose', score=score), 'coco_17') != 20).any(axis=2).sum()
        for score in (0.1, 0.9)
    ]
    assert sizes[0] < sizes[1]


def test_hidden_points_are_hollow():
    keypoints, scores = only('nose')
    drawn = draw_keypoints(IMAGE, keypoints, scores, 'coco_17', visible=np.zeros(17))
    assert pixel(drawn, keypoints[0]) == (20, 20, 20)
    assert (drawn != 20).any()


def test_bones_have_the_colour_of_their_side_and_need_both_ends():
    keypoints, scores = only(
        'left_knee', 'left_ankle', 'right_knee', 'right_ankle', 'left_shoulder', 'right_shoulder'
    )
    keypoints[:, 0] += np.arange(17)  # no two bones of these meet
    drawn = draw_keypoints(IMAGE, keypoints, scores, 'coco_17')
    for start, end, color in [
        ('left_knee', 'left_ankle', LEFT),
        ('right_knee', 'right_ankle', RIGHT),
        ('left_shoulder', 'right_shoulder', MIDDLE),
    ]:
        middle = (keypoints[COCO.index(start)] + keypoints[COCO.index(end)]) / 2
        window = drawn[int(middle[1]) - 1 : int(middle[1]) + 2, int(middle[0])]
        assert (np.abs(window.astype(int) - color).sum(axis=1) < 30).any(), start
    scores[COCO.index('left_ankle')] = 0
    less = draw_keypoints(IMAGE, keypoints, scores, 'coco_17')
    assert not (less == LEFT).all(axis=2).any()


def test_points_far_outside_are_harmless():
    keypoints, scores = only('nose', 'left_eye')
    keypoints[0] = 1e9
    draw_keypoints(IMAGE, keypoints, scores, 'coco_17')


def test_wrong_number_or_set_is_named():
    keypoints, scores = only('nose')
    with pytest.raises(ValueError, match=r"'openpose_18' has 18 keypoints, got .*\(17, 2\)"):
        draw_keypoints(IMAGE, keypoints, scores, 'openpose_18')
    with pytest.raises(KeyError, match='coco_17'):
        draw_keypoints(IMAGE, keypoints, scores, 'coco')
