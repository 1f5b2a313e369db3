import numpy as np
import pytest

from dpmesh_plugin.datasets.fit_agreement import (
    annotated_points,
    fit_error_mm,
    fit_offset,
    fitted_joints,
)
from dpmesh_plugin.registry import DATASETS


@pytest.fixture
def person(schema_people, body_model):
    """A person whose joints in space and in the image are those of the body."""
    person = DATASETS.build(schema_people()).get_data_info(0)
    ((_, joints),) = fitted_joints([person], body_model)
    pixels = joints[:, :2] / joints[:, 2:] * person['focal_length'] + person['principal_point']
    person |= {'annotated_set': 'dpmesh_30', 'annotated_keypoints_3d': joints - joints[0]}
    return person | {'annotated_keypoints': pixels, 'annotated_valid': np.ones(30)}, joints


def test_error_by_hand(person):
    person, joints = person
    assert fit_error_mm(person, joints) == pytest.approx(0, abs=1e-3)
    # one of 12 compared joints 12 cm off: 11 cm after the means were moved together, 1 cm the rest
    person['annotated_keypoints_3d'][4] += [0.12, 0, 0]
    assert fit_error_mm(person, joints) == pytest.approx((110 + 11 * 10) / 12, rel=1e-4)
    del person['annotated_keypoints_3d']
    assert fit_error_mm(person, joints) is None


def test_offset_by_hand(person):
    person, joints = person
    assert fit_offset(person, joints) == pytest.approx(0, abs=1e-5)
    person['annotated_keypoints'] += [3, 4]
    person['bbox_xywh'] = np.array([0, 0, 30, 40])
    assert fit_offset(person, joints) == pytest.approx(0.1, rel=1e-4)
    person['annotated_valid'][:] = 0
    assert fit_offset(person, joints) is None


def test_detections_count_where_nothing_is_annotated(people):
    person = DATASETS.build(people()).get_data_info(0)
    person['keypoint_scores'][3] = 0.1
    points, seen = annotated_points(person)
    assert points.shape == (18, 2)
    assert seen.tolist() == [index != 3 for index in range(18)]
