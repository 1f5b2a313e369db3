import numpy as np
import pytest

from dpmesh_plugin.apis.detectors import build_detector
from dpmesh_plugin.registry import DETECTORS
from dpmesh_plugin.utils.config import load_config


def test_a_keypoint_file_is_a_detector(photos):
    detector = build_detector({'type': 'KeypointFile', 'path': photos / 'keypoints.json'})
    image = np.zeros((120, 160, 3), np.uint8)
    persons = detector.detect(image, name=photos / 'a.jpg')
    assert [person.person_id for person in persons] == [1, 2]
    assert detector.label == str(photos / 'keypoints.json')
    boxes = detector.find_boxes(image, name='a.jpg')
    np.testing.assert_array_equal(boxes, [[20, 10, 40, 100], [80, 10, 40, 100]])
    with pytest.raises(KeyError, match=r'd\.jpg is not among the 2 images'):
        detector.detect(image, name='d.jpg')
    with pytest.raises(ValueError, match=r'\(160, 60\), the keypoint file says \(160, 120\)'):
        detector.detect(image[:60], name='a.jpg')


def test_what_is_no_detector_is_refused():
    with pytest.raises(ValueError, match='give keypoints .* of KeypointFile, MMDetPersonDetector'):
        build_detector(None)
    with pytest.raises(KeyError, match="keypoint detector 'YOLO'; dpmesh_plugin has: KeypointFile"):
        build_detector({'type': 'YOLO'})
    with pytest.raises(ValueError, match=r"cannot be built: .*unexpected keyword argument 'file'"):
        build_detector({'type': 'KeypointFile', 'file': 'a.json'})


def test_a_detector_of_boxes_needs_one_of_joints():
    class Boxes:
        def find_boxes(self, image, *, name=''):
            return np.zeros((0, 4))

        def to(self, device):
            pass

    DETECTORS.register_module('Boxes')(Boxes)
    try:
        with pytest.raises(ValueError, match='Boxes finds boxes of people, no joints: give it to'):
            build_detector({'type': 'Boxes'})
    finally:
        del DETECTORS.module_dict['Boxes']


@pytest.mark.parametrize('name', ['keypoint_rcnn', 'rtmpose', 'hrnet_w32'])
def test_a_config_changes_its_detector_in_one_line(name, repo_root, tmp_path):
    bases = ('dpmesh_synth_oc_tiny.py', f'_base_/detectors/{name}.py')
    bases = [str(repo_root / 'configs' / each) for each in bases]
    (tmp_path / 'mine.py').write_text(f'_base_ = {bases}\n')
    detector = load_config(tmp_path / 'mine.py').detector
    assert detector.type in DETECTORS
    file = detector.weights if name == 'keypoint_rcnn' else detector.checkpoint
    assert file.startswith('data/detectors/')
