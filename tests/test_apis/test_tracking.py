import math

import numpy as np
import pytest

from dpmesh_plugin.apis.person import Person
from dpmesh_plugin.apis.tracking import (
    OKS_CONSTANT,
    PersonTracker,
    keypoint_similarity,
    person_similarity,
)

FIGURE = np.random.default_rng(0).uniform(0, 100, (17, 2)).astype(np.float32)


def _person(x, *, score=1.0, box=None):
    scores = np.full(17, score, np.float32)
    return Person(0, FIGURE + np.float32([x, 0]), scores, 'coco_17', box)


def test_similarity_of_keypoints_by_hand():
    side = 50.0
    one = np.zeros((3, 2))
    other = one + np.array([OKS_CONSTANT * side, 0])
    shared = np.array([True, True, False])
    assert keypoint_similarity(one, one, shared, side**2) == 1
    similarity = keypoint_similarity(one, other, shared, side**2)
    assert similarity == pytest.approx(math.exp(-0.5))


def test_persons_without_common_joints_are_compared_by_their_boxes():
    box = np.array([0, 0, 10, 10])
    half = np.array([0, 5, 10, 10])
    assert person_similarity(_person(0), _person(0)) == pytest.approx(1)
    hidden = _person(0, score=0, box=box)
    assert person_similarity(hidden, _person(0, score=0, box=half)) == pytest.approx(1 / 3)
    assert person_similarity(hidden, _person(0, score=0)) == 0
    assert person_similarity(_person(0), _person(np.inf)) == 0


def test_ids_stay_whatever_the_order_and_through_a_short_gap():
    tracker = PersonTracker(max_gap=2)
    assert tracker.update(0, [_person(0), _person(200)]) == [0, 1]
    assert tracker.update(1, [_person(204), _person(3)]) == [1, 0]
    assert tracker.update(2, [_person(6)]) == [0]
    assert tracker.update(4, [_person(212), _person(12)]) == [1, 0]
    assert tracker.update(5, []) == []
    # Missing for longer than the gap, or far from the last sight: someone else.
    assert tracker.update(9, [_person(12)]) == [2]
    assert tracker.update(10, [_person(400)]) == [3]
