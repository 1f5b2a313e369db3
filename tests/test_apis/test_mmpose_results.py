import json

import numpy as np
import pytest

from dpmesh_plugin.apis import read_keypoints
from dpmesh_plugin.structures import get_keypoint_set

NAMES = {str(i): name for i, name in enumerate(get_keypoint_set('coco_17').names)}


def _instance(num=17, **changes):
    return {
        'keypoints': [[10.0 * i, 10 * i + 1] for i in range(num)],
        'keypoint_scores': [0.5] * num,
        'bbox': [[1.0, 2, 31, 42]],
        'bbox_score': 0.9,
        **changes,
    }


@pytest.fixture
def write(tmp_path):
    def write(content, name='a.json'):
        path = tmp_path / 'predictions' / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
        return path

    return write


def _check(person):
    assert person.keypoint_set == 'coco_17'
    np.testing.assert_array_equal(person.keypoints[3], [30, 31])
    np.testing.assert_array_equal(person.scores, [0.5] * 17)
    np.testing.assert_array_equal(person.bbox_xywh, [1, 2, 30, 40])


def test_a_prediction_of_the_demo_names_its_joints(write):
    content = {'meta_info': {'keypoint_id2name': NAMES}, 'instance_info': [_instance()] * 2}
    path = write(content, 'results_a.json')
    first, second = read_keypoints(path).find('photos/a.jpg').persons
    assert (first.person_id, second.person_id) == (0, 1)
    _check(second)


def test_joints_in_another_order_are_sorted(write):
    names = {str(i): name for i, name in enumerate(reversed(NAMES.values()))}
    content = {'meta_info': {'keypoint_id2name': names}, 'instance_info': [_instance()]}
    (person,) = read_keypoints(write(content)).find('a.jpg').persons
    np.testing.assert_array_equal(person.keypoints[0], [160, 161])


def test_a_stated_set_must_be_that_of_the_names(write):
    content = {'meta_info': {'keypoint_id2name': NAMES}, 'instance_info': [_instance()]}
    with pytest.raises(
        ValueError, match=r'says itself what its joints are: coco_17\. The keypoint_'
    ):
        read_keypoints(write(content), keypoint_set='h36m_17')
    _check(read_keypoints(write(content), keypoint_set='coco_17').find('a.jpg').persons[0])


def test_a_folder_of_the_inferencer_has_a_file_per_image(write):
    write([_instance()])
    folder = write([], 'empty.json').parent
    file = read_keypoints(folder, keypoint_set='coco_17')
    (person,) = file.find('a.png').persons
    _check(person)
    assert file.find('empty.jpg').persons == ()


def test_frames_of_a_video_are_numbered(write):
    frames = [{'frame_id': n, 'instances': [_instance()] * n} for n in range(3)]
    file = read_keypoints(write(frames, 'clip.json'), keypoint_set='coco_17')
    assert [image.name for image in file.images] == ['clip_000000', 'clip_000001', 'clip_000002']
    assert [len(image.persons) for image in file.images] == [0, 1, 2]


@pytest.mark.parametrize(
    ('content', 'error', 'message'),
    [
        ([_instance()], ValueError, 'does not name its joints: state keypoint_set'),
        ({'instance_info': [_instance()]}, ValueError, 'does not name its joints'),
        (
            {'meta_info': {'keypoint_id2name': NAMES}, 'instance_info': [_instance(14)]},
            ValueError,
            r'instance 0: expected 17 joints .* got keypoints \(14, 2\)',
        ),
        (
            {'meta_info': {'keypoint_id2name': NAMES}, 'instance_info': [{'keypoints': []}]},
            KeyError,
            "instance 0 has no field 'keypoint_scores'",
        ),
        (
            {'meta_info': {'keypoint_id2name': {'0': 'tail'}}, 'instance_info': [_instance(1)]},
            KeyError,
            'unknown names: tail',
        ),
    ],
)
def test_what_is_wrong_is_named(content, error, message, write):
    with pytest.raises(error, match=message):
        read_keypoints(write(content))
