import numpy as np
import pytest

from dpmesh_plugin.datasets.transforms import KeypointJitter


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
