import numpy as np
import pytest

from dpmesh_plugin.geometry.affine import apply_affine, crop_affine, warp_affine

BOX = np.array([40, 60, 200, 300])
SIZE = (256, 128)


def test_box_edges_reach_crop_edges():
    forward, _ = crop_affine(BOX, SIZE)
    corners = np.array([[40, 60], [240, 60], [140, 360]])
    np.testing.assert_allclose(
        apply_affine(corners, forward), [[0, 0], [256, 0], [128, 128]], atol=1e-4
    )


def test_rotation_convention():
    forward, _ = crop_affine(np.array([0, 0, 256, 256]), (256, 256), rotation=90)
    np.testing.assert_allclose(apply_affine(np.array([128, 256]), forward), [256, 128], atol=1e-4)


def test_rotation_at_an_odd_angle():
    forward, _ = crop_affine(np.array([0, 0, 100, 100]), (100, 100), rotation=np.rad2deg(0.6))
    right = np.array([50 + 50 * np.cos(0.6), 50 + 50 * np.sin(0.6)])
    np.testing.assert_allclose(apply_affine(right, forward), [100, 50], atol=1e-4)


@pytest.mark.parametrize('mirror_width', [None, 640])
def test_round_trip(mirror_width):
    forward, backward = crop_affine(BOX, SIZE, scale=0.8, rotation=25, mirror_width=mirror_width)
    points = np.array([[3.0, 5.0], [500.0, 20.0], [120.0, 470.0]])
    np.testing.assert_allclose(
        apply_affine(apply_affine(points, forward), backward), points, atol=1e-3
    )


def test_mirroring_swaps_left_and_right_of_the_crop():
    forward, _ = crop_affine(BOX, SIZE, mirror_width=640)
    np.testing.assert_allclose(
        apply_affine(np.array([[40, 60], [240, 60]]), forward), [[256, 0], [0, 0]], atol=1e-3
    )


@pytest.mark.parametrize('box', [(0, 0, 0, 10), (0, 0, 10, -1), (np.nan, 0, 10, 10)])
def test_box_without_area_is_refused(box):
    with pytest.raises(ValueError, match=r'finite box \(x, y, w, h\) with an area'):
        crop_affine(np.array(box), SIZE)


def test_warp_by_hand():
    image = np.zeros((4, 6, 3), np.float32)
    image[1, 4] = 64
    shift = np.array([[1, 0, -2.25], [0, 1, 0.5]])
    crop = warp_affine(image, shift, (4, 4))[..., 0]
    np.testing.assert_allclose(crop[1:3, 1:3], [[8, 24], [8, 24]])
    assert crop.sum() == 64

    mirrored = warp_affine(image, np.array([[-1.0, 0, 5], [0, 1, 0]]), (6, 4))
    np.testing.assert_array_equal(mirrored, image[:, ::-1])


def test_warp_far_outside_is_black():
    image = np.full((8, 8, 3), 255, np.uint8)
    forward, _ = crop_affine(np.array([1e5, 1e5, 50, 50]), SIZE)
    assert not warp_affine(image, forward, SIZE).any()
