import numpy as np
import pytest

from dpmesh_plugin.datasets.transforms import PoseFixNoise
from dpmesh_plugin.datasets.transforms.posefix_noise import (
    COCO,
    disturb_keypoints,
    error_rates,
    similarity_distances,
)
from dpmesh_plugin.structures import keypoint_map

NUM_DRAWS = 500


def test_distances_by_hand():
    # nose: sqrt(-2 * 40000 * (2 * .026)^2 * ln .85) = 5.929
    np.testing.assert_allclose(similarity_distances(40000)[0], [5.929, 12.245, 22.318], atol=1e-3)


def test_rates_of_the_published_table():
    rates = dict(
        zip(('good', 'jitter', 'inversion', 'swap', 'miss'), error_rates(17, 0), strict=True)
    )
    hip, nose = COCO.index('left_hip'), COCO.index('nose')
    assert rates['jitter'][hip] == 0.20
    assert rates['miss'][hip] == 0.10
    assert rates['inversion'][hip] == 0.06
    assert rates['swap'][hip] == 0.03
    assert rates['good'][hip] == pytest.approx(0.61)
    assert rates['good'][nose] == pytest.approx(0.86)
    assert error_rates(15, 3)[3, hip] == error_rates(10, 1)[3, hip] == 0.10
    assert error_rates(16, 3)[3, hip] == error_rates(15, 2)[3, hip] == 0.03
    assert error_rates(5, 0)[4, nose] == 0.15


def test_joint_on_top_of_all_others_finds_no_error():
    joints = np.concatenate([np.zeros((17, 2)), np.ones((17, 1))], axis=1)
    noisy = disturb_keypoints(joints, joints[None], 1, 1e4, np.random.default_rng(0))
    possible = noisy[:, 2] == 1
    assert not noisy[~possible].any()
    distance = np.linalg.norm(noisy[possible, :2] - joints[possible, :2], axis=1)
    assert (distance > 0).all()


def _shares(outcomes: np.ndarray, case: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The shares (17,) of outcomes (N, 17, 2) that the reference counts."""

    def near(target: np.ndarray) -> np.ndarray:
        close = np.linalg.norm(outcomes - target[:, :2], axis=-1) <= jitter
        return close & (target[:, 2] > 0) & (distance > jitter)

    joints, mirror = case['joints'], COCO.flip_indices
    good, jitter, miss = case['d85_d50_d10'].T
    distance = np.linalg.norm(outcomes - joints[:, :2], axis=-1)
    others = [near(person[order]) for person in case['near'] for order in (slice(None), mirror)]
    own = near(joints[mirror])
    own[:, mirror == np.arange(17)] = False
    return {
        'frac_within_d85': distance <= good,
        'frac_d85_to_d50': (distance > good) & (distance <= jitter),
        'frac_d50_to_d10': (distance > jitter) & (distance <= miss),
        'frac_beyond_d10': distance > miss,
        'frac_within_d50_of_own_mirror': own,
        'frac_within_d50_of_other_person': np.any(others, axis=0),
    }


@pytest.mark.parametrize(
    'situation', ['alone_9_visible', 'one_neighbour_9_visible', 'three_neighbours_all_visible']
)
def test_published_statistics(shared_dir, situation):
    data = np.load(shared_dir / 'parity' / 'posefix_statistics.npz')
    prefix = f'{situation}.'
    case = {k.removeprefix(prefix): data[k] for k in data.files if k.startswith(prefix)}
    arguments = (case['joints'], case['near'], int(case['num_overlap']), float(case['area']))
    generator = np.random.default_rng(0)
    outcomes = np.stack([disturb_keypoints(*arguments, generator) for _ in range(NUM_DRAWS)])
    assert (outcomes[..., 2] == 1).all()
    for name, hits in _shares(outcomes[..., :2], case).items():
        expected = case[name]
        variance = np.maximum(expected * (1 - expected), 1e-3) * (1 / 4000 + 1 / NUM_DRAWS)
        deviation = (hits.mean(axis=0) - expected) / np.sqrt(variance)
        assert np.abs(deviation).max() < 4.5, name
        assert np.sqrt(np.mean(deviation**2)) < 1.8, name


def _person(known: int = 30) -> dict:
    keypoints = np.random.default_rng(0).uniform(50, 200, (30, 2)).astype(np.float32)
    return {
        'prompt_keypoints': keypoints,
        'prompt_scores': np.ones(30, np.float32),
        'prompt_known': np.arange(30) < known,
        'prompt_set': 'dpmesh_30',
        'bbox_xywh': np.array([0, 0, 100, 100], np.float32),
        'warp_mat': np.array([[2, 0, 0], [0, 2, 0]], np.float32),
        'neighbours': np.ones((1, 17, 3), np.float32),
        'neighbour_boxes': np.array([[50, 0, 100, 100]], np.float32),
    }


def test_only_known_joints_of_coco_are_disturbed():
    person = _person(known=20)
    before = person['prompt_keypoints'].copy()
    after = PoseFixNoise().transform(person)['prompt_keypoints']
    changed = (after != before).any(axis=1)
    in_coco = np.isin(np.arange(30), keypoint_map('dpmesh_30', 'coco_17'))
    np.testing.assert_array_equal(changed, in_coco & (np.arange(30) < 20))
    assert after.dtype == np.float32
