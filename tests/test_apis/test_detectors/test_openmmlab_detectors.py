"""Runs where mmpose and mmdet are installed, on networks with random weights."""

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from dpmesh_plugin.registry import DETECTORS
from dpmesh_plugin.structures import get_keypoint_set

IMAGE = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
BOXES = np.array([[10.0, 20, 100, 200], [150, 20, 80, 160]])
COCO = get_keypoint_set('coco_17').num


def _only_persons(state):
    """Change RTMDet so that every box is a person."""
    for name, weight in state.items():
        if '.rtm_cls.' in name:
            weight.zero_()
            if name.endswith('bias'):
                weight[0] = 2.0


@pytest.fixture(scope='module')
def rtmdet(openmmlab):
    return {'type': 'MMDetPersonDetector', **openmmlab('rtmdet', _only_persons)}


@pytest.fixture(scope='module')
def rtmpose(openmmlab):
    return {'type': 'MMPoseDetector', **openmmlab('rtmpose')}


@pytest.mark.parametrize('name', ['rtmpose', 'hrnet'])
def test_people_in_given_boxes_get_joints(name, openmmlab):
    detector = DETECTORS.build({'type': 'MMPoseDetector', **openmmlab(name)})
    people = detector.detect_in_boxes(IMAGE, BOXES)
    assert len(people) == 2
    for person, box in zip(people, BOXES, strict=True):
        assert (person.keypoint_set, person.keypoints.shape) == ('coco_17', (COCO, 2))
        np.testing.assert_array_equal(person.bbox_xywh, np.float32(box))
        centre = box[:2] + box[2:] / 2
        assert (np.abs(person.keypoints - centre) < box[3]).all()
    (alone,) = detector.detect_in_boxes(IMAGE, BOXES[:1])
    np.testing.assert_allclose(alone.keypoints, people[0].keypoints, atol=2)
    assert detector.detect_in_boxes(IMAGE, BOXES[:0]) == ()
    with pytest.raises(ValueError, match='MMPoseDetector looks into boxes of people: state pers'):
        detector.detect(IMAGE)
    # The packages set scopes of their own, which must not stay.
    assert DefaultScope.get_current_instance().scope_name == 'dpmesh_plugin'


def test_persons_of_mmdet_get_joints_of_mmpose(rtmdet, rtmpose):
    persons = DETECTORS.build(rtmdet)
    persons.model.bbox_head.test_cfg.max_per_img = 3
    boxes = persons.find_boxes(IMAGE)
    assert boxes.shape[0] > 0
    assert (boxes[:, 2:] > 0).all()
    people = DETECTORS.build({**rtmpose, 'persons': persons}).detect(IMAGE)
    np.testing.assert_array_equal([person.bbox_xywh for person in people], boxes)
    assert DETECTORS.build({**rtmdet, 'threshold': 1.0}).find_boxes(IMAGE).shape == (0, 4)


def test_facts_are_settings_and_checksums_of_both_networks(rtmdet, rtmpose):
    facts = DETECTORS.build({**rtmpose, 'persons': {**rtmdet, 'threshold': 0.4}}).facts()
    assert (facts['detector'], facts['persons.detector'], facts['persons.threshold']) == (
        'MMPoseDetector',
        'MMDetPersonDetector',
        '0.4',
    )
    for name in ('config_sha256', 'checkpoint_sha256'):
        assert facts[name] != facts[f'persons.{name}']


def test_colours_reach_the_network_as_opencv_reads_them(rtmpose):
    """Red as RGB is what the package makes of a red file that OpenCV reads as BGR."""
    detector = DETECTORS.build(rtmpose)
    seen = []
    inference = detector._apis.inference_topdown
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    detector._apis.inference_topdown = lambda model, image, *a: (
        seen.append(image) or inference(model, image, *a)
    )
    try:
        detector.detect_in_boxes(red, np.array([[0.0, 0, 32, 32]]))
    finally:
        detector._apis.inference_topdown = inference
    assert seen[0][0, 0].tolist() == [0, 0, 200]


def test_boxes_may_come_from_a_keypoint_file(rtmpose, photos):
    source = {'type': 'KeypointFile', 'path': str(photos / 'keypoints.json')}
    detector = DETECTORS.build({**rtmpose, 'persons': source})
    people = detector.detect(np.zeros((120, 160, 3), np.uint8), name='a.jpg')
    assert [person.bbox_xywh.tolist() for person in people] == [
        [20, 10, 40, 100],
        [80, 10, 40, 100],
    ]


def test_wrong_weights_and_configs_are_named(rtmpose, rtmdet, tmp_path):
    torch.save({'state_dict': {'a': torch.zeros(1)}}, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r'a\.pth lacks \d+ weights of the network of mmpose::'):
        DETECTORS.build({**rtmpose, 'checkpoint': str(tmp_path / 'a.pth')})
    with pytest.raises(FileNotFoundError, match=r'MMPoseDetector: expected a config file, or one'):
        DETECTORS.build({**rtmpose, 'config': 'mmpose::none.py'})
    with pytest.raises(
        FileNotFoundError, match=r'none\.pth: they are not .* the model zoo of mmdet'
    ):
        DETECTORS.build({**rtmdet, 'checkpoint': 'none.pth'})
    with pytest.raises(ValueError, match='persons must find boxes'):
        DETECTORS.build({**rtmpose, 'persons': 3})
