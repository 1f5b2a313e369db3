import numpy as np
import pytest
import torch

from dpmesh_plugin.datasets.transforms import RectangleOcclusion
from dpmesh_plugin.datasets.transforms.rectangle_occlusion import person_in_picture
from dpmesh_plugin.structures import Visibility


def _person() -> dict:
    return {
        'img': np.full((64, 64, 3), 7, np.uint8),
        'bbox_xywh': np.array([1010, 520, 30, 20], np.float32),
        'warp_mat': np.array([[1, 0, -1000], [0, 1, -500]], np.float32),
        'keypoints_2d': np.stack([np.full(30, 25.0), np.linspace(20, 39, 30)], axis=1),
        'keypoints_2d_valid': np.ones(30, np.float32),
        'visibility': np.zeros(30, np.int8),
    }


def test_person_in_picture():
    np.testing.assert_allclose(person_in_picture(_person()), [10, 20, 30, 20])
    shifted = _person() | {'bbox_xywh': np.array([990, 520, 30, 20])}
    np.testing.assert_allclose(person_in_picture(shifted), [0, 20, 20, 20])
    whole = {'img': np.zeros((800, 1200, 3), np.uint8), 'bbox_xywh': _person()['bbox_xywh']}
    np.testing.assert_allclose(person_in_picture(whole), [1010, 520, 30, 20])


def test_rectangles_lie_on_the_person():
    torch.manual_seed(0)
    covered = np.zeros((64, 64), int)
    for _ in range(200):
        covered += (RectangleOcclusion().transform(_person())['img'] != 7).any(axis=-1)
    assert (covered[20:40, 10:40] > 0).mean() > 0.9
    assert not covered[:20].any()
    assert not covered[:, :10].any()


def test_area_and_aspect_have_the_published_range():
    generator = np.random.default_rng(0)
    box, transform = np.array([100, 100, 400, 400]), RectangleOcclusion()
    drawn = [transform.draw(generator, box, (2000, 2000)) for _ in range(500)]
    _, _, width, height = np.array(drawn).T
    share = width * height / 400**2
    assert share.max() <= 0.3
    assert abs(share.mean() - 0.15) < 0.02
    assert (height / width).min() > 0.45
    assert (height / width).max() < 2.2


def test_covered_joints_become_hidden_by_an_object():
    torch.manual_seed(1)
    for _ in range(20):
        person = _person()
        person['visibility'][0] = Visibility.SELF_OCCLUDED
        results = RectangleOcclusion().transform(person)
        painted = (results['img'] != 7).any(axis=-1)
        x, y = np.rint(person['keypoints_2d']).astype(int).T
        hidden = results['visibility'] == Visibility.OCCLUDED_BY_OBJECT
        np.testing.assert_array_equal(hidden[1:], painted[y, x][1:])
        assert results['visibility'][0] == Visibility.SELF_OCCLUDED


def test_no_occluder_without_luck():
    assert (RectangleOcclusion(prob=0).transform(_person())['img'] == 7).all()
    far = _person() | {'bbox_xywh': np.array([5000, 520, 30, 20])}
    assert (RectangleOcclusion().transform(far)['img'] == 7).all()


def test_published_placement_misses_people_far_from_the_corner():
    transform = RectangleOcclusion(placement='published')
    torch.manual_seed(0)
    assert all((transform.transform(_person())['img'] == 7).all() for _ in range(50))
    near = _person() | {'bbox_xywh': np.array([20, 30, 30, 20], np.float32)}
    covered = np.zeros((64, 64), int)
    for _ in range(200):
        covered += (transform.transform({**near})['img'] != 7).any(axis=-1)
    assert (covered[32:48, 22:48] > 0).all()
    assert not covered[:30].any()
    assert not covered[:, :20].any()


def test_unknown_placement():
    with pytest.raises(ValueError, match=r"placement \('person', 'published'\), got 'image'"):
        RectangleOcclusion(placement='image')
