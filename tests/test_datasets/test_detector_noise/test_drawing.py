import numpy as np
import pytest

from dpmesh_plugin.datasets.detector_noise import TruePerson, draw_detection, nearest_joints
from dpmesh_plugin.structures import get_keypoint_set

COCO = get_keypoint_set('coco_17')
POINTS = np.stack([np.arange(17.0) * 10, np.arange(17.0) ** 2], axis=1)


def _person(**changes) -> TruePerson:
    values = {
        'keypoints': POINTS,
        'present': np.ones(17, bool),
        'causes': np.zeros(17, int),
        'size': 100.0,
        'neighbour': np.full((17, 2), np.nan),
    }
    return TruePerson(**values | changes)


def _draw(errors, count: int = 400, **changes) -> np.ndarray:
    generator = np.random.default_rng(0)
    return np.stack([draw_detection(errors, _person(**changes), generator) for _ in range(count)])


def test_an_exact_detector(exact):
    found = _draw(exact(), 1)[0]
    np.testing.assert_allclose(found[:, :2], POINTS)
    np.testing.assert_allclose(found[:, 2], 0.9)


def test_jitter_grows_with_size_and_cause(exact):
    causes = np.zeros(17, int)
    causes[5] = 3
    found = _draw(exact(jitter=np.full(17, 0.02)), 2000, causes=causes)
    deviation = (found[..., :2] - POINTS).std(axis=(0, 2))
    assert deviation[4] == pytest.approx(2, rel=0.06)
    assert deviation[5] == pytest.approx(6, rel=0.06)


def test_misses_by_cause_and_of_unknown_joints(exact):
    miss = np.zeros((6, 17))
    miss[2, 3] = 1
    causes, present = np.zeros(17, int), np.ones(17, bool)
    causes[3], present[7] = 2, False
    found = _draw(exact(miss=miss), 3, causes=causes, present=present)
    missed = ~found.any(axis=-1)
    assert missed[:, [3, 7]].all()
    assert not np.delete(missed, [3, 7], axis=1).any()


def test_sides_and_people_are_swapped(exact):
    swapped = _draw(exact(side_swap=np.full(17, 1.0)), 1)[0]
    np.testing.assert_allclose(swapped[:, :2], POINTS[COCO.flip_indices])
    near = np.full((17, 2), np.nan)
    near[4] = (-5, -6)
    strange = _draw(exact(person_swap=np.full(17, 1.0)), 1, neighbour=near)[0]
    np.testing.assert_allclose(strange[4, :2], (-5, -6))
    np.testing.assert_allclose(np.delete(strange, 4, 0)[:, :2], np.delete(POINTS, 4, 0))
    assert strange[4, 2] != 0.9  # the confidence of a wrong joint


def test_a_joint_without_a_known_mirror_joint_stays(exact):
    present = np.ones(17, bool)
    present[COCO.index('left_wrist')] = False
    found = _draw(exact(side_swap=np.full(17, 1.0)), 1, present=present)[0]
    right = COCO.index('right_wrist')
    np.testing.assert_allclose(found[right, :2], POINTS[right])


def test_the_nearest_of_other_people_within_reach():
    keypoints = np.zeros((3, 2))
    others = np.array([[[1, 0], [50, 0], [200, 0]], [[9, 0], [40, 0], [np.nan, 0]]], float)
    near = nearest_joints(keypoints, others, 100.0)
    np.testing.assert_array_equal(near, [[1, 0], [40, 0], [np.nan, np.nan]])
    assert np.isnan(nearest_joints(keypoints, np.zeros((0, 3, 2)), 100.0)).all()
