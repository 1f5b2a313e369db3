import numpy as np
import pytest

from dpmesh_plugin.datasets.transforms import KeypointCut, KeypointJitter


def _person() -> dict:
    return {
        'prompt_keypoints': np.zeros((2000, 2), np.float32),
        'prompt_visible': np.r_[np.ones(1000), np.zeros(1000)].astype(np.float32),
        'input_size': (256, 128),
    }


def test_visible_keypoints_move_by_a_share_of_the_crop():
    moved = KeypointJitter(sigma=0.05).transform(_person())['prompt_keypoints']
    assert moved[:1000].std() == pytest.approx(0.05 * 128, rel=0.06)
    assert not moved[1000:].any()


def test_keypoints_drop_out():
    visible = KeypointJitter(drop_prob=0.25).transform(_person())['prompt_visible']
    assert visible.sum() == pytest.approx(750, abs=60)


def test_every_person_gets_a_deviation_of_its_own():
    jitter = KeypointJitter(sigma=(0.02, 0.1))
    moves = [jitter.transform(_person())['prompt_keypoints'][:1000] for _ in range(60)]
    deviations = np.array([move.std() / 128 for move in moves])
    assert deviations.min() == pytest.approx(0.02, abs=0.01)
    assert deviations.max() == pytest.approx(0.1, abs=0.01)
    assert deviations.mean() == pytest.approx(0.06, abs=0.012)


def _detected(missed: int = 0) -> dict:
    generator = np.random.default_rng(0)
    scores = np.r_[np.zeros(missed), np.full(17 - missed, 0.8)].astype(np.float32)
    return {'keypoints': generator.uniform(0, 200, (17, 2)), 'keypoint_scores': scores}


def test_a_cut_misses_what_is_below_a_line():
    person = _detected(missed=3)
    counts = set()
    for _ in range(100):
        cut = KeypointCut(prob=1.0, spread=0.0).transform(dict(person))
        kept, height = cut['keypoint_scores'] > 0, person['keypoints'][:, 1]
        missed = (person['keypoint_scores'] > 0) & ~kept
        assert not kept[:3].any()
        assert not missed.any() or height[kept].max() < height[missed].min()
        counts.add(int(kept.sum()))
    assert counts == set(range(4, 15))
    assert (person['keypoint_scores'][3:] == np.float32(0.8)).all()


def test_cuts_have_many_directions():
    person = _detected()
    lost = [KeypointCut(prob=1.0, least=16).transform(dict(person)) for _ in range(200)]
    lost = [np.flatnonzero(cut['keypoint_scores'] == 0) for cut in lost]
    assert len({tuple(joints) for joints in lost}) > 3


def test_only_some_people_are_cut():
    cuts = [KeypointCut(prob=0.25, least=0).transform(_detected()) for _ in range(400)]
    share = np.mean([(cut['keypoint_scores'] == 0).any() for cut in cuts])
    assert share == pytest.approx(0.25 * 17 / 18, abs=0.07)


def test_nobody_is_left_with_fewer_than_there_were():
    for missed in (15, 17):
        cut = KeypointCut(prob=1.0).transform(_detected(missed))
        assert (cut['keypoint_scores'] > 0).sum() == 17 - missed
