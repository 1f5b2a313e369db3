import numpy as np
import pytest
import torch

from dpmesh_plugin.datasets.transforms import RandomChannelScale, RandomScaleRotateFlip
from dpmesh_plugin.datasets.transforms.augmentation import (
    Augmentation,
    apply_augmentation,
    rotate_axis_angle,
    scale_channels,
)
from dpmesh_plugin.structures import get_keypoint_set


def test_turn_by_hand():
    # The box turns by 90 degrees, so a point to the right moves up (y is down).
    np.testing.assert_allclose(Augmentation(rotation=90).turn @ [1, 0, 5], [0, -1, 5], atol=1e-12)
    np.testing.assert_allclose(Augmentation(flip=True).turn @ [1, 2, 5], [-1, 2, 5])


def test_turn_is_mirroring_then_rolling():
    turn = Augmentation(rotation=np.rad2deg(0.6), flip=True).turn
    expected = [-np.cos(0.6), np.sin(0.6), 5]
    np.testing.assert_allclose(turn @ [1, 0, 5], expected, atol=1e-12)


def test_mirroring_renames_left_and_right(person):
    joints = get_keypoint_set('openpose_18')
    before = person['keypoints'].copy()
    results = apply_augmentation(person, Augmentation(flip=True))
    left, right = joints.index('left_knee'), joints.index('right_knee')
    np.testing.assert_array_equal(results['keypoints'][left], before[right])
    np.testing.assert_array_equal(results['keypoints'][joints.index('nose')], before[0])


def test_mirroring_twice_changes_nothing(person):
    before = {name: value.copy() for name, value in person['smpl'].items()}
    once = apply_augmentation(person, Augmentation(flip=True))
    once['smpl']['transl'] = once['camera_transl']
    twice = apply_augmentation(once, Augmentation(flip=True))
    for name in ('global_orient', 'body_pose', 'betas'):
        np.testing.assert_allclose(twice['smpl'][name], before[name], atol=1e-5, err_msg=name)


def test_translation_waits_for_the_body_model(person):
    results = apply_augmentation(person, Augmentation(rotation=10))
    assert 'transl' not in results['smpl']
    np.testing.assert_allclose(results['camera_transl'], [0.1, 0.2, 3.0])


def test_rotate_axis_angle():
    roll = Augmentation(rotation=-30).roll
    np.testing.assert_allclose(
        rotate_axis_angle(np.array([0, 0, 0.2]), roll), [0, 0, 0.2 + np.pi / 6], atol=1e-6
    )


def test_draws_have_the_published_distribution():
    transform = RandomScaleRotateFlip()
    generator = np.random.default_rng(0)
    draws = [transform.draw(generator) for _ in range(4000)]
    scales = np.array([draw.scale for draw in draws])
    angles = np.array([draw.rotation for draw in draws])
    assert scales.min() == 0.75
    assert scales.max() == 1.25
    # a standard normal is outside [-1, 1] with 31.7 %
    assert np.mean(np.abs(scales - 1) == 0.25) == pytest.approx(0.317, abs=0.03)
    assert np.mean(angles == 0) == pytest.approx(0.4, abs=0.03)
    assert np.abs(angles).max() == 60
    assert np.std(angles[angles != 0]) == pytest.approx(30 * 0.9594, rel=0.05)
    assert np.mean([draw.flip for draw in draws]) == pytest.approx(0.5, abs=0.03)


def test_draws_follow_the_seed(person):
    def draw() -> Augmentation:
        return RandomScaleRotateFlip().transform(dict(person))['augmentation']

    torch.manual_seed(3)
    first, second = draw(), draw()
    torch.manual_seed(3)
    assert draw() == first != second


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_channels_are_scaled_and_clipped(dtype):
    image = np.full((2, 2, 3), (100, 100, 240), dtype)
    scaled = scale_channels(image, np.array([0.8, 1.115, 1.2]))
    expected = [80, 112 if dtype == np.uint8 else 111.5, 255]
    np.testing.assert_allclose(scaled[0, 0], expected, rtol=1e-6)
    assert scaled.dtype == dtype


def test_random_channel_scale_stays_in_range():
    image = np.full((4, 4, 3), 100, np.float32)
    values = np.stack(
        [RandomChannelScale().transform({'img': image})['img'][0, 0] for _ in range(100)]
    )
    assert 80 <= values.min() < 85
    assert 115 < values.max() <= 120
