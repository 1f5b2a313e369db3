import numpy as np
import pytest

from dpmesh_plugin.datasets.transforms.pasting import (
    Placement,
    covered,
    fitted_size,
    hide_joints,
    paste,
)
from dpmesh_plugin.structures import Cutout, Visibility

BY_PERSON = Visibility.OCCLUDED_BY_PERSON


def _cutout(width: int = 4, height: int = 2) -> Cutout:
    """Red on the left, green on the right, opaque."""
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[:, : width // 2, 1:3] = 0
    pixels[:, width // 2 :, [0, 2]] = 0
    return Cutout(pixels, BY_PERSON)


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_pasted_pixels_by_hand(dtype):
    image = np.full((8, 10, 3), 100, dtype)
    opacity = paste(image, _cutout(), Placement(np.array([4.5, 3.5]), (4, 2), edge=0))
    expected = np.full((8, 10, 3), 100)
    expected[3:5, 3:5], expected[3:5, 5:7] = (255, 0, 0), (0, 255, 0)
    np.testing.assert_allclose(image, expected, atol=1e-3)
    np.testing.assert_allclose(opacity[3:5, 3:7], 1)
    assert opacity.sum() == pytest.approx(8)


def test_mirror_and_clockwise_rotation():
    mirrored, turned = (np.zeros((9, 9, 3), np.uint8) for _ in range(2))
    place = {'centre': np.array([4.5, 4.5]), 'size': (8, 4), 'edge': 0}
    paste(mirrored, _cutout(8, 4), Placement(**place, mirrored=True))
    assert mirrored[4, 2].tolist() == [0, 255, 0]
    paste(turned, _cutout(8, 4), Placement(**place, rotation=90))
    # Clockwise by a quarter: what was left is up.
    assert turned[2, 4].tolist() == [255, 0, 0]
    assert turned[7, 4].tolist() == [0, 255, 0]


def test_soft_edge_fades_and_keeps_the_colour_of_the_occluder():
    image = np.zeros((40, 40, 3), np.float32)
    red = Cutout(np.full((10, 10, 4), (200, 0, 0, 255), np.uint8), BY_PERSON)
    opacity = paste(image, red, Placement(np.array([20.0, 20.0]), (20, 20), edge=2))
    profile = opacity[20, 4:21]
    assert (np.diff(profile) >= -1e-5).all()
    assert 0.2 < opacity[20, 10] < 0.8
    np.testing.assert_allclose(image[..., 0], 200 * opacity, atol=0.5)


def test_an_occluder_outside_changes_nothing():
    image = np.full((8, 8, 3), 9, np.uint8)
    assert not paste(image, _cutout(), Placement(np.array([50.0, 3.0]), (4, 2))).any()
    assert (image == 9).all()
    partly = paste(image, _cutout(), Placement(np.array([0.0, 3.5]), (4, 2), edge=0))
    assert partly[3:5, 0].min() > 0.9
    assert not partly[:, 4:].any()


def test_size_keeps_the_proportions():
    width, height = fitted_size(_cutout(4, 2), 800)
    assert (width, height) == pytest.approx((40, 20))


def test_covered_looks_at_the_nearest_pixel_and_survives_nan():
    opacity = np.zeros((6, 8), np.float32)
    opacity[2, 3], opacity[2, 4], opacity[0, 0] = 0.5, 0.49, 1
    points = np.array([[3.4, 2.4], [3.6, 2.0], [-0.4, 0], [-0.6, 0], [np.nan, 0], [99, 99]])
    assert covered(opacity, points).tolist() == [True, False, True, False, False, False]


def test_only_visible_known_joints_change_their_cause():
    results = {
        'keypoints_2d': np.array([[1, 1], [1, 1], [1, 1], [5, 5]], np.float32),
        'keypoints_2d_valid': np.array([1, 1, 0, 1], np.float32),
        'visibility': np.array([0, 1, 0, 0], np.int8),
    }
    opacity = np.zeros((8, 8), np.float32)
    opacity[1, 1] = 1
    hide_joints(results, opacity, BY_PERSON)
    assert results['visibility'].tolist() == [2, 1, 0, 0]
    assert results['visibility'].dtype == np.int8
