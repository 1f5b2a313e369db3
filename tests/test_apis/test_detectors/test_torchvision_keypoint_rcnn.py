import numpy as np
import pytest
import torch
from torchvision.models.detection import keypointrcnn_resnet50_fpn

from dpmesh_plugin.registry import DETECTORS
from dpmesh_plugin.structures import get_keypoint_set

SMALL = {'type': 'TorchvisionKeypointRCNN', 'min_size': 64, 'max_size': 96}


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Random weights that take nearly everything for a person."""
    torch.manual_seed(0)
    model = keypointrcnn_resnet50_fpn(weights=None, weights_backbone=None)
    bias = model.roi_heads.box_predictor.cls_score.bias
    bias.data.copy_(torch.tensor([-5.0, 5.0]))
    path = tmp_path_factory.mktemp('rcnn') / 'keypointrcnn.pth'
    torch.save(model.state_dict(), path)
    return path


def test_people_have_boxes_and_coco_joints_in_the_pixels_of_the_image(weights):
    detector = DETECTORS.build({**SMALL, 'weights': str(weights)})
    detector.model.roi_heads.detections_per_img = 3
    image = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    persons = detector.detect(image)
    assert persons
    for person in persons:
        assert person.keypoint_set == 'coco_17'
        assert person.keypoints.shape == (get_keypoint_set('coco_17').num, 2)
        assert ((person.scores > 0) & (person.scores <= 1)).all()
        x, y, width, height = person.bbox_xywh
        assert 0 <= x < x + width <= 90
        assert 0 <= y < y + height <= 60
        assert (person.keypoints >= person.bbox_xywh[:2] - 1).all()
        assert (person.keypoints <= person.bbox_xywh[:2] + person.bbox_xywh[2:] + 1).all()
    boxes = detector.find_boxes(image)
    np.testing.assert_array_equal(boxes, [person.bbox_xywh for person in persons])
    strict = DETECTORS.build({**SMALL, 'weights': str(weights), 'threshold': 1.0})
    assert strict.detect(image) == ()
    assert strict.find_boxes(image).shape == (0, 4)


def test_facts_are_settings_and_the_weights(weights, tmp_path):
    facts = DETECTORS.build({**SMALL, 'weights': str(weights)}).facts()
    names = ['detector', 'threshold', 'min_size', 'max_size']
    assert [facts[name] for name in names] == ['TorchvisionKeypointRCNN', '0.5', '64', '96']
    state = torch.load(weights)
    next(iter(state.values())).add_(1)
    torch.save(state, tmp_path / 'other.pth')
    others = DETECTORS.build({**SMALL, 'weights': str(tmp_path / 'other.pth')}).facts()
    assert others.pop('weights_sha256') != facts.pop('weights_sha256')
    assert others == facts


def test_weights_must_be_given_and_fit(tmp_path):
    with pytest.raises(ValueError, match=r'needs weights=FILE.*https://download\.pytorch\.org'):
        DETECTORS.build(SMALL)
    with pytest.raises(FileNotFoundError, match=r'none\.pth: they are not downloaded .* https://'):
        DETECTORS.build({**SMALL, 'weights': str(tmp_path / 'none.pth')})
    torch.save({'a': torch.zeros(1)}, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match=r'other\.pth does not fit the model KeypointRCNN'):
        DETECTORS.build({**SMALL, 'weights': str(tmp_path / 'other.pth')})
