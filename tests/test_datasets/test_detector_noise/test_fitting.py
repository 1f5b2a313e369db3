import numpy as np
import pytest

from dpmesh_plugin.datasets.detector_noise import (
    DetectorErrors,
    Observations,
    TruePerson,
    draw_detection,
    fit_errors,
)

NUM_JOINTS = 17


def observe(errors: DetectorErrors, people: int, *, causes: tuple[int, ...] = (0, 1, 2, 3, 4, 5)):
    """What a detector says about random people, half of whom have somebody near."""
    rng = np.random.default_rng(1)
    keypoints = rng.uniform((20, 20), (80, 200), (people, NUM_JOINTS, 2))
    sizes = np.sqrt(60 * 180) * rng.uniform(0.8, 1.2, people)
    codes = rng.choice(causes, (people, NUM_JOINTS))
    present = rng.random((people, NUM_JOINTS)) < 0.95
    near = keypoints + rng.normal(0, 0.3, keypoints.shape) * sizes[:, None, None]
    near[rng.random(people) < 0.5] = np.nan
    parts = zip(keypoints, present, codes, sizes, near, strict=True)
    detections = np.stack([draw_detection(errors, TruePerson(*part), rng) for part in parts])
    return Observations('coco_17', keypoints, present, codes, sizes, near, detections)


def test_the_drawn_errors_are_found_again(errors):
    found = fit_errors(observe(errors, 3000), facts={'source': 'made up'})
    np.testing.assert_allclose(found.jitter, errors.jitter, rtol=0.05)
    np.testing.assert_allclose(found.spread, errors.spread, rtol=0.05)
    np.testing.assert_allclose(found.wild_share, errors.wild_share, atol=0.02)
    assert found.wild_jitter == pytest.approx(0.3, rel=0.05)
    sided = np.arange(NUM_JOINTS) > 0
    np.testing.assert_allclose(found.side_swap[sided], errors.side_swap[sided], atol=0.015)
    assert found.side_swap[0] == 0
    np.testing.assert_allclose(found.person_swap, errors.person_swap, atol=0.03)
    # 480 joints of a cause each: a standard error of 0.022 at most.
    np.testing.assert_allclose(found.miss, errors.miss, atol=0.08)
    middle = slice(2, 9)
    np.testing.assert_allclose(found.confidence[:, middle], errors.confidence[:, middle], atol=0.06)
    np.testing.assert_allclose(found.wrong_confidence[5], errors.wrong_confidence[5], atol=0.08)
    assert found.facts['people'] == 3000
    assert found.facts['source'] == 'made up'
    assert found.facts['false_confidence'] < 0.15


def test_an_exact_detector_is_found_to_be_one(exact):
    found = fit_errors(observe(exact(jitter=np.full(NUM_JOINTS, 0.01)), 300))
    for rates in (found.wild_share, found.side_swap, found.person_swap, found.miss):
        assert rates.max() < 0.03  # the tail of 300 draws
        assert rates.mean() < 0.005
    np.testing.assert_allclose(found.jitter, 0.01, rtol=0.1)


def test_causes_that_hardly_occur_get_the_common_numbers(errors):
    observed = observe(errors, 300, causes=(0, 3))
    observed.causes[0, 0] = 2
    found = fit_errors(observed)
    assert found.measured == ('visible', 'occluded_by_object')
    np.testing.assert_array_equal(found.miss[1], found.miss[2])
    assert 1 < found.spread[1] < found.spread[3]


def test_rare_joints_follow_the_others(errors):
    observed = observe(errors, 400)
    observed.present[1:, 4] = False
    found = fit_errors(observed)
    assert abs(found.wild_share[4] - found.wild_share.mean()) < 0.05
    assert np.isfinite(found.jitter).all()


def test_a_detector_that_finds_nothing(exact):
    observed = observe(exact(miss=np.ones((6, NUM_JOINTS))), 5)
    with pytest.raises(ValueError, match='none of .* joints of 5 people has a confidence above'):
        fit_errors(observed)
