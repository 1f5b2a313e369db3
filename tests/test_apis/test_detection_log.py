import numpy as np
import pytest

from dpmesh_plugin.apis.detection_log import DetectionLog
from dpmesh_plugin.apis.person import Person

FACTS = {'video_bytes': '12', 'detector': 'a'}
JOINTS = np.arange(34, dtype=np.float32).reshape(17, 2) + 0.25
PERSON = Person(0, JOINTS, np.full(17, 0.5, np.float32), 'coco_17', np.float32([1, 2, 3, 4]))


def test_an_interrupted_run_finds_what_was_written(tmp_path):
    path = tmp_path / 'deep' / 'clip_people.jsonl'
    log = DetectionLog(path, FACTS)
    log.add(0, [PERSON, PERSON])
    log.add(1, [])
    with open(path, 'ab') as file:
        file.write(b'{"frame": 2, "pers')  # the machine was switched off
    again = DetectionLog(path, FACTS)
    assert {number: len(persons) for number, persons in again.frames.items()} == {0: 2, 1: 0}
    again.add(2, [PERSON])
    again = DetectionLog(path, FACTS)
    (person,) = again.frames[2]
    np.testing.assert_array_equal(person.keypoints, PERSON.keypoints)
    np.testing.assert_array_equal(person.scores, PERSON.scores)
    np.testing.assert_array_equal(person.bbox_xywh, PERSON.bbox_xywh)
    assert person.keypoint_set == 'coco_17'


def test_detections_of_something_else_are_refused(tmp_path):
    DetectionLog(tmp_path / 'a.jsonl', FACTS)
    with pytest.raises(
        ValueError,
        match=r'a\.jsonl has detections of another video or detector: detector was a, is b; cho',
    ):
        DetectionLog(tmp_path / 'a.jsonl', {**FACTS, 'detector': 'b'})
