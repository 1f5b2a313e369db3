import numpy as np

from dpmesh_plugin.structures import Visibility
from dpmesh_plugin.synthesis.detector_noise import detect_keypoints, person_size

POINTS = np.random.default_rng(0).uniform([50, 20], [120, 220], (18, 2))


def repeat(code: Visibility, count: int = 200, **options) -> np.ndarray:
    codes = np.full(18, code)
    rngs = (np.random.default_rng(seed) for seed in range(count))
    return np.stack([detect_keypoints(rng, POINTS, codes, **options) for rng in rngs])


def error(found: np.ndarray) -> float:
    """Median distance of found joints as a share of the person's size."""
    distance = np.linalg.norm(found[..., :2] - POINTS, axis=-1)[found[..., 2] > 0]
    return float(np.median(distance)) / person_size(POINTS)


def test_hidden_joints_are_worse_in_every_way():
    seen, hidden = repeat(Visibility.VISIBLE), repeat(Visibility.OCCLUDED_BY_OBJECT)
    assert error(seen) < 0.02 < error(hidden) < 0.1
    assert np.mean(seen[..., 2] == 0) < 0.05 < np.mean(hidden[..., 2] == 0) < 0.5
    assert np.median(seen[seen[..., 2] > 0, 2]) > 0.7
    assert np.median(hidden[hidden[..., 2] > 0, 2]) < 0.4


def test_missed_joints_are_zero():
    found = repeat(Visibility.TRUNCATED, 3)
    np.testing.assert_array_equal(found, 0)


def test_hidden_joints_jump_to_a_near_neighbour_only():
    near, far = POINTS + np.array([20, 0]), POINTS + np.array([200, 0])
    codes = Visibility.OCCLUDED_BY_PERSON
    taken = repeat(codes, neighbours=[near])
    jumped = np.linalg.norm(taken[..., :2] - near, axis=-1) < 3
    assert 0.1 < jumped[taken[..., 2] > 0].mean() < 0.6
    assert repeat(codes, neighbours=[far])[..., 0].max() < 190


def test_confidences_are_shares():
    confidence = repeat(Visibility.SELF_OCCLUDED)[..., 2]
    assert ((confidence >= 0) & (confidence <= 1)).all()
