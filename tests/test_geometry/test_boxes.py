import numpy as np
import pytest

from dpmesh_plugin.geometry.boxes import (
    box_iou,
    box_is_usable,
    clip_box,
    keypoint_box,
    square_box,
)


def test_keypoint_box_encloses_valid_points_with_margin():
    keypoints = np.array([[10, 20], [30, 60], [999, -999]])
    np.testing.assert_allclose(keypoint_box(keypoints, [1, 1, 0]), [8, 16, 24, 48])
    np.testing.assert_allclose(keypoint_box(keypoints, [1, 1, 0], expand=1), [10, 20, 20, 40])


def test_keypoint_box_without_valid_point_is_refused():
    with pytest.raises(ValueError, match='at least one valid keypoint, got none of 3'):
        keypoint_box(np.zeros((3, 2)), np.zeros(3))


def test_clip_box_keeps_width_from_the_clipped_edge():
    np.testing.assert_allclose(clip_box([-30, -40, 200, 100], (640, 480)), [0, 0, 199, 99])
    np.testing.assert_allclose(clip_box([0, 0, 640, 480], (640, 480)), [0, 0, 639, 479])


def test_square_box_extends_the_shorter_side():
    np.testing.assert_allclose(square_box([10, 20, 100, 200], factor=1.5), [-90, -30, 300, 300])
    np.testing.assert_allclose(square_box([0, 0, 100, 100], ratio=2), [-50, 0, 200, 100])


def test_box_iou_by_hand():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 10, 10], [20, 20, 5, 5], [0, 0, 0, 0]])
    np.testing.assert_allclose(box_iou(boxes[0], boxes), [1, 1 / 3, 0, 0])
    assert box_iou(boxes[3], boxes[3]) == 0


@pytest.mark.parametrize(
    ('box', 'usable'),
    [
        ((10, 10, 5, 5), True),
        ((-50, 10, 60, 60), True),
        ((10, 10, 0, 5), False),
        ((10, 10, -5, -5), True),
        ((700, 10, 30, 30), False),
        ((np.nan, 10, 30, 30), False),
        ((10, 10, np.inf, 30), False),
    ],
)
def test_box_is_usable(box, usable):
    assert box_is_usable(np.array(box), (640, 480)) == usable
