import json

import numpy as np
import pytest

from dpmesh_plugin.apis import KeypointFile
from dpmesh_plugin.apis.keypoint_formats import ImageKeypoints, Person


def _entry(tmp_path, keypoints, scores=1.0):
    keypoints = np.asarray(keypoints, np.float32)
    scores = np.full(len(keypoints), scores, np.float32)
    person = Person(0, keypoints, scores, 'coco_17', None)
    return KeypointFile(tmp_path / 'k.json', (ImageKeypoints('0', (person,)),))


def test_an_array_is_an_image(inferencer, tmp_path):
    pixels = np.full((120, 160, 3), 90, np.uint8)
    keypoints = _entry(tmp_path, np.random.default_rng(0).uniform(10, 110, (17, 2)))
    report = inferencer(pixels, keypoints=keypoints)
    assert report.problems == []
    assert report.meshes[0].num_persons == 1
    assert report.pictures[0].shape == pixels.shape


def test_keypoints_outside_the_image_are_another_images(inferencer, tmp_path):
    pixels = np.zeros((120, 160, 3), np.uint8)
    report = inferencer(pixels, keypoints=_entry(tmp_path, np.full((17, 2), 900.0)))
    assert report.images == []
    assert 'confident keypoints lie outside the image of (160, 120) px' in str(report.problems[0])


def test_an_image_of_one_pixel_has_no_person_in_it(inferencer, tmp_path):
    pixels = np.zeros((1, 1, 3), np.uint8)
    report = inferencer(pixels, keypoints=_entry(tmp_path, np.zeros((17, 2))))
    assert report.images == []
    assert len(report.problems) == 1


def test_confidences_that_are_no_numbers_stop_before_anything_is_computed(inferencer, photos):
    joints = [[1.0, 2.0, float('nan')]] * 17
    result = [{'image_id': 'a.jpg', 'keypoints': np.ravel(joints).tolist()}]
    (photos / 'nan.json').write_text(json.dumps(result))
    with pytest.raises(ValueError, match='has NaN or infinite keypoints, scores or box'):
        inferencer(photos, keypoints=photos / 'nan.json', keypoint_set='coco_17')
