import numpy as np
import pytest

from dpmesh_plugin.datasets.transforms import TopdownAffine, TopdownCoordinates
from dpmesh_plugin.datasets.transforms.augmentation import Augmentation


def _person() -> dict:
    image = np.zeros((64, 96, 3), np.uint8)
    image[20:24, 40:44] = 200
    keypoints = np.array([[41.5, 21.5], [10.0, 21.5], [0.0, 0.0]], np.float32)
    return {
        'img': image,
        'ori_shape': (96, 64),
        'crop_box': np.array([32, 12, 32, 32], np.float32),
        'prompt_keypoints': keypoints,
        'prompt_known': np.array([True, True, False]),
        'prompt_visible': np.array([1, 1, 0], np.float32),
        'keypoints_2d': keypoints,
        'keypoints_2d_valid': np.ones(3, np.float32),
        'keypoints_3d': np.array([[0, 0, 0], [0, 0, 0], [0, 0, 2]], np.float32),
    }


def test_picture_and_keypoints_go_together():
    results = TopdownAffine(input_size=(64, 64)).transform(_person())
    assert results['img'].shape == (64, 64, 3)
    assert results['img'].dtype == np.uint8
    x, y = results['prompt_keypoints'][0]
    assert (x, y) == (19, 19)
    assert (results['img'][int(y), int(x)] == 200).all()
    np.testing.assert_allclose(results['warp_mat'], [[2, 0, -64], [0, 2, -24]], atol=1e-4)


def test_mirrored_picture_and_keypoints_go_together():
    person = _person() | {'augmentation': Augmentation(scale=1.2, rotation=15, flip=True)}
    results = TopdownAffine(input_size=(64, 64)).transform(person)
    bright = np.argwhere(results['img'][..., 0] > 100).mean(axis=0)[::-1]
    np.testing.assert_allclose(results['prompt_keypoints'][0], bright, atol=0.6)
    assert np.linalg.det(results['warp_mat'][:, :2]) < 0


def test_joints_outside_are_invisible():
    results = TopdownAffine(input_size=(64, 64)).transform(_person())
    assert results['prompt_visible'].tolist() == [1, 0, 0]
    assert results['keypoints_2d_valid'].tolist() == [1, 0, 0]


def test_absent_joints():
    size = {'input_size': (64, 64)}
    at_origin = TopdownAffine(**size).transform(_person())['prompt_keypoints'][2]
    np.testing.assert_allclose(at_origin, [-64, -24], atol=1e-4)
    at_zero = TopdownAffine(absent_keypoints='zero', **size).transform(_person())
    assert at_zero['prompt_keypoints'][2].tolist() == [0, 0]
    assert at_zero['prompt_keypoints'][1].tolist() != [0, 0]


def test_coordinates_alone_are_those_of_the_crop():
    person = _person() | {'augmentation': Augmentation(scale=1.2, rotation=15, flip=True)}
    cut = TopdownAffine(input_size=(64, 64)).transform(person.copy())
    del person['img']
    mapped = TopdownCoordinates(input_size=(64, 64)).transform(person)
    assert 'img' not in mapped
    for name in mapped.keys() - {'augmentation'}:
        np.testing.assert_array_equal(mapped[name], cut[name])


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match=r"dtype \('uint8', 'float32'\), got 'float16'"):
        TopdownAffine(dtype='float16')
    with pytest.raises(ValueError, match=r"keypoints \('origin', 'zero'\), got 'nan'"):
        TopdownAffine(absent_keypoints='nan')


@pytest.mark.parametrize('row', [2, 6, 7])
def test_published_crops(shared_dir, row):
    data = np.load(shared_dir / 'parity' / 'preprocess.npz')
    image = data[f'crop.{row}.image_rgb']
    person = {
        'img': image,
        'ori_shape': image.shape[1::-1],
        'crop_box': data['pw3d.bbox'][row],
        'prompt_keypoints': data['pw3d.input_joints_image'][row, :, :2],
        'prompt_known': np.ones(30, bool),
        'prompt_visible': np.ones(30),
    }
    exact = TopdownAffine(dtype='float32').transform(person.copy())['img']
    expected = data[f'crop.{row}.patch'].transpose(1, 2, 0)
    np.testing.assert_allclose(exact / 255, expected, atol=1e-4)
    rounded = TopdownAffine().transform(person.copy())['img']
    # half a grey level, and OpenCV's fixed-point weights
    np.testing.assert_allclose(rounded.astype(np.float32), expected * 255, atol=0.52)
