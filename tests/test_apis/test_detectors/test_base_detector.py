from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dpmesh_plugin.apis import KeypointFile
from dpmesh_plugin.apis.detectors import BaseDetector
from dpmesh_plugin.apis.detectors.openmmlab_model import network_facts
from dpmesh_plugin.apis.person import ImageKeypoints, Person


class Fixed(BaseDetector):
    """Finds the same people everywhere."""

    def __init__(self, *persons, threshold=0.5, sizes=(64, 96), source=None):
        self.persons, self.threshold, self.sizes, self.source = persons, threshold, sizes, source
        self._num_seen = 0

    def detect(self, image, *, name=''):
        self._num_seen += 1
        return self.persons


@pytest.fixture
def person():
    return Person(0, np.ones((17, 2), np.float32), np.ones(17, np.float32), 'coco_17', None)


def test_persons_without_boxes_have_those_of_their_joints():
    joints = np.array([[10.0, 20], [30, 60], [90, 90]])
    nobody = Person(1, joints, np.zeros(3), 'coco_17', None)
    someone = Person(0, joints, np.array([1.0, 0.5, 0]), 'coco_17', None)
    image = np.zeros((1, 1, 3), np.uint8)
    broken = replace(someone, scores=someone.scores * np.nan)
    ((x, y, width, height),) = Fixed(someone, nobody, broken).find_boxes(image)
    assert (x + width / 2, y + height / 2) == (20, 40)
    assert width < height < 60


def test_facts_are_the_class_and_how_it_was_set(person):
    detector = Fixed(person)
    facts = {'detector': 'Fixed', 'threshold': '0.5', 'sizes': '(64, 96)', 'source': 'None'}
    assert detector.facts() == facts
    detector.detect(None)
    assert detector.facts() == facts
    nested = Fixed(person, source=Fixed(person, threshold=0.7)).facts()
    assert (nested['source.detector'], nested['source.threshold']) == ('Fixed', '0.7')


def test_facts_of_a_keypoint_file_are_its_persons_wherever_it_lies(person):
    def facts(path='a.json', name='a.jpg', **changes):
        images = (ImageKeypoints(name, (replace(person, **changes),)),)
        return KeypointFile(Path(path), images).facts()

    assert facts()['detector'] == 'KeypointFile'
    assert facts() == facts(path='b.json')
    assert facts() != facts(name='b.jpg')
    assert facts() != facts(keypoints=np.zeros((17, 2), np.float32))


def test_facts_of_a_network_are_checksums_of_config_and_checkpoint(tmp_path):
    config, checkpoint = tmp_path / 'config.py', tmp_path / 'a.pth'
    checkpoint.write_bytes(b'weights')
    config.write_text('flip = True\n')
    first = network_facts(config, checkpoint, 'a test')
    assert network_facts(str(config), str(checkpoint), 'a test') == first
    (tmp_path / 'heir.py').write_text("_base_ = ['config.py']\n")
    assert network_facts(tmp_path / 'heir.py', checkpoint, 'a test') == first
    config.write_text('flip = False\n')
    changed = network_facts(config, checkpoint, 'a test')
    assert changed['config_sha256'] != first['config_sha256']
    checkpoint.write_bytes(b'others')
    again = network_facts(config, checkpoint, 'a test')
    assert again['config_sha256'] == changed['config_sha256']
    assert again['checkpoint_sha256'] != changed['checkpoint_sha256']
