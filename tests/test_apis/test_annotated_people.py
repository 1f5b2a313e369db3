import json
import runpy
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from dpmesh_plugin.apis.annotated_people import add_source, detect_annotated, match_to_boxes
from dpmesh_plugin.apis.detectors import TopDownDetector
from dpmesh_plugin.apis.person import Person
from dpmesh_plugin.registry import DETECTORS
from dpmesh_plugin.structures import get_keypoint_set

BOXES = [[10, 10, 40, 80], [60, 10, 40, 80], [100, 20, 30, 60]]


def _person(box, keypoint_set='coco_17', own_box=True):
    """Joints that fill a box."""
    num = get_keypoint_set(keypoint_set).num
    corner, size = np.array(box[:2], np.float32), np.array(box[2:], np.float32)
    joints = corner + size * np.random.default_rng(0).uniform(0, 1, (num, 2)).astype(np.float32)
    joints[:2] = corner, corner + size
    return Person(0, joints, np.ones(num, np.float32), keypoint_set, box if own_box else None)


class InBoxes(TopDownDetector):
    """Knows the shape of the image and nothing else."""

    def detect(self, image, *, name=''):
        return tuple(_person(box) for box in (BOXES[1], BOXES[0]))

    def detect_in_boxes(self, image, boxes):
        assert image.shape == (120, 160, 3)
        return tuple(_person(box.tolist()) for box in boxes)


@pytest.fixture
def dataset(tmp_path):
    """Two pictures, the first with all boxes, the second with nobody; and a third of another."""
    for name in ('a.jpg', 'b.jpg'):
        path = tmp_path / 'imageFiles' / 'street' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.zeros((120, 160, 3), np.uint8))
    content = {
        'info': {'name': 'SynthOC', 'other': [1.25]},
        'images': [
            {'id': i, 'file_name': name, 'sequence': 'street', 'width': 160, 'height': 120}
            for i, name in enumerate(('a.jpg', 'b.jpg'))
        ],
        'annotations': [
            {'id': 10 + i, 'image_id': 0, 'bbox': box, 'smpl_param': {'pose': [0.1] * 3}}
            for i, box in enumerate(BOXES)
        ],
    }
    path = tmp_path / 'people.json'
    path.write_text(json.dumps(content))
    return path


def test_persons_belong_to_the_boxes_they_overlap_most():
    near = _person([12, 12, 40, 80], own_box=False)
    nearer = _person([10, 11, 40, 80])
    far = _person([500, 500, 10, 10])
    assert match_to_boxes([near, far, nearer], np.array(BOXES, np.float32)) == [nearer, None, None]
    nobody = Person(0, np.zeros((17, 2)), np.zeros(17), 'coco_17', None)
    assert match_to_boxes([nobody], np.array(BOXES, np.float32)) == [None] * 3
    broken = replace(near, keypoints=near.keypoints * np.nan, bbox_xywh=np.float32(BOXES[0]))
    assert match_to_boxes([broken], np.array(BOXES, np.float32)) == [None] * 3
    assert match_to_boxes([], np.array(BOXES, np.float32)) == [None] * 3


def test_a_top_down_detector_looks_into_the_annotated_boxes_or_finds_people(dataset):
    content, images = json.loads(dataset.read_text()), dataset.parent / 'imageFiles'
    (found,) = detect_annotated(content, images, InBoxes())
    assert {id_: person.bbox_xywh for id_, person in found.items()} == dict(
        zip((10, 11, 12), BOXES, strict=True)
    )
    (found,) = detect_annotated(content, images, InBoxes(), in_given_boxes=False)
    assert [found[10].bbox_xywh, found[11].bbox_xywh, found[12]] == [*BOXES[:2], None]


def test_the_file_keeps_all_that_is_in_it(dataset):
    content = json.loads(dataset.read_text())
    before = json.loads(dataset.read_text())
    person = _person(BOXES[0])
    entry = add_source(content, 'a', {10: person, 11: None, 12: None}, {'detector': 'x'})
    assert entry == {'keypoint_set': 'coco_17', 'found': 1, 'people': 3, 'detector': 'x'}
    values = content['annotations'][0]['keypoint_sources']['a']
    np.testing.assert_allclose(np.reshape(values, (17, 3))[:, :2], person.keypoints, atol=1e-4)
    add_source(content, 'b', {11: person}, {})
    assert list(content['info']['keypoint_sources']) == ['a', 'b']
    add_source(content, 'a', {11: person}, {})
    sources = [each.pop('keypoint_sources') for each in content['annotations']]
    assert [sorted(each) for each in sources] == [[], ['a', 'b'], []]
    del content['info']['keypoint_sources']
    assert content == before


def test_nobody_and_two_keypoint_sets_are_refused(dataset):
    content = json.loads(dataset.read_text())
    with pytest.raises(ValueError, match='one keypoint set, got nobody in 2 boxes'):
        add_source(content, 'a', {10: None, 11: None}, {})
    mixed = {10: _person(BOXES[0]), 11: _person(BOXES[0], 'crowdpose_14')}
    with pytest.raises(ValueError, match='got those of coco_17, crowdpose_14'):
        add_source(content, 'a', mixed, {})
    del content['annotations'][1]['bbox']
    with pytest.raises(KeyError, match='annotation 11 has no bbox'):
        list(detect_annotated(content, dataset.parent / 'imageFiles', InBoxes()))


@pytest.fixture
def detect_keypoints(repo_root, monkeypatch, tmp_path):
    """Calls the tool with arguments and a config whose detector is the one above."""
    monkeypatch.setitem(DETECTORS.module_dict, 'InBoxes', InBoxes)
    config = tmp_path / 'config.py'
    config.write_text("detector = dict(type='InBoxes')\n")

    def call(*arguments):
        script = str(repo_root / 'tools' / 'dataset_converters' / 'detect_keypoints.py')
        monkeypatch.setattr(sys, 'argv', [script, str(config), *map(str, arguments)])
        runpy.run_path(script)['main']()

    return call


def test_the_tool_adds_a_source_and_says_so(detect_keypoints, dataset, capsys):
    detect_keypoints(dataset, '--device', 'cpu', '--name', 'mine')
    assert "keypoint source 'mine' with coco_17 of 3 of 3 people" in capsys.readouterr().out
    content = json.loads(dataset.read_text())
    entry = content['info']['keypoint_sources']['mine']
    assert entry['detector'] == {'type': 'InBoxes'}
    assert len(content['annotations'][2]['keypoint_sources']['mine']) == 51
    other = dataset.parent / 'other.json'
    detect_keypoints(dataset, '--device', 'cpu', '--find-people', '--out', other)
    content = json.loads(other.read_text())
    assert list(content['info']['keypoint_sources']) == ['mine', 'detector']
    assert content['info']['keypoint_sources']['detector']['found'] == 2
    assert 'detector' not in json.loads(dataset.read_text())['info']['keypoint_sources']


def test_a_file_stays_whole_if_an_image_is_missing(detect_keypoints, dataset):
    (dataset.parent / 'imageFiles' / 'street' / 'a.jpg').unlink()
    before = dataset.read_bytes()
    with pytest.raises(SystemExit, match=r'detect_keypoints: .*a\.jpg'):
        detect_keypoints(dataset, '--device', 'cpu')
    assert dataset.read_bytes() == before


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (('--cfg-options', 'detector.type=YOLO'), "keypoint detector 'YOLO'; dpmesh_plugin has"),
        (('--cfg-options', 'detector=None'), 'or name a detector in the config'),
        (('--device', 'gpu'), 'device must be auto, cpu, cuda'),
    ],
)
def test_a_wrong_argument_is_one_line(options, message, detect_keypoints, dataset):
    with pytest.raises(SystemExit, match=message):
        detect_keypoints(dataset, *options)
