import json
import re
from pathlib import Path

import numpy as np
import pytest

from dpmesh_plugin.apis import KeypointFile
from dpmesh_plugin.apis.given_keypoints import check_meant_image, given_keypoints
from dpmesh_plugin.structures import get_keypoint_set

PIXELS = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
HEIGHTS = [20, 18, 18, 19, 19, 32, 32, 48, 48, 62, 62, 65, 65, 85, 85, 105, 105]
OFFSETS = [0, 2, -2, 4, -4, 9, -9, 12, -12, 13, -13, 6, -6, 7, -7, 7, -7]
FIGURE = np.stack([80 + np.array(OFFSETS), np.array(HEIGHTS), np.full(17, 0.9)], axis=1)
FLAT = FIGURE.ravel().tolist()
NAMES = {str(i): name for i, name in enumerate(get_keypoint_set('coco_17').names)}
INSTANCE = {'keypoints': FIGURE[:, :2].tolist(), 'keypoint_scores': FIGURE[:, 2].tolist()}
CONTENTS = {
    'array': FIGURE[None],
    'results': [{'image_id': 0, 'keypoints': FLAT}],
    'results with arrays': [{'image_id': 0, 'keypoints': FIGURE}],
    'mmpose, inferencer': [INSTANCE],
    'mmpose, demo': {'meta_info': {'keypoint_id2name': NAMES}, 'instance_info': [INSTANCE]},
    'COCO': {
        'images': [{'id': 1, 'file_name': '000000'}],
        'categories': [{'id': 1, 'keypoints': list(NAMES.values())}],
        'annotations': [
            {
                'id': 0,
                'image_id': 1,
                'category_id': 1,
                'keypoints': np.where(FIGURE == 0.9, 2, FIGURE).ravel().tolist(),
            }
        ],
    },
}


@pytest.mark.parametrize('kind', CONTENTS)
def test_keypoints_in_memory_give_the_mesh_of_a_file(kind, inferencer):
    report = inferencer(PIXELS, keypoints=CONTENTS[kind], keypoint_set='coco_17', draw=False)
    assert report.problems == []
    (meshes,) = report.meshes
    nose = meshes.joint_names.tolist().index('nose')
    np.testing.assert_allclose(meshes.keypoints[0, nose], [80, 20], atol=1e-3)


def test_what_is_of_one_image_is_of_any_name(inferencer, photos):
    content = {'people': [{'pose_keypoints_2d': [50.0, 60, 0.5] * 18}]}
    file = given_keypoints(content)
    assert isinstance(file, KeypointFile)
    assert file.find('anything.jpg').persons[0].keypoint_set == 'openpose_18'
    options = {'keypoints': FIGURE[None], 'keypoint_set': 'coco_17', 'draw': False}
    assert inferencer(photos / 'c.jpg', **options).num_persons == 1
    message = 'the given keypoints are of one image and do not say of which.*got 3 images and 0 vid'
    with pytest.raises(ValueError, match=message):
        inferencer(photos, **options)
    with pytest.raises(ValueError, match='got 0 images and 1 videos'):
        check_meant_image(file, [Path('clip.mp4')], 1)


@pytest.mark.parametrize(
    ('keypoints', 'keypoint_set', 'error', 'message'),
    [
        (FIGURE[None], None, ValueError, 'does not name its joints: state keypoint_set, one of c'),
        (FIGURE, 'coco_17', ValueError, r'shape \(17, 3\); expected \(people, 17, 3\) for coco_17'),
        (FIGURE[None, :14], 'coco_17', ValueError, r'have the shape \(1, 14, 3\)'),
        (FIGURE[None], 'coco_71', KeyError, "unknown keypoint set 'coco_71'"),
        (
            [FIGURE],
            'coco_17',
            TypeError,
            r'a NumPy array \(people, .*; got list of ndarray',
        ),
        (7, None, TypeError, 'expected keypoints as a path, .*; got int'),
        ({'a': 1}, None, ValueError, 'the given keypoints: no keypoints of a known format'),
        (
            [{'keypoints': FLAT}],
            'coco_17',
            KeyError,
            "keypoints: result 0 has no field 'image_id'",
        ),
    ],
)
def test_what_is_wrong_is_said(keypoints, keypoint_set, error, message):
    with pytest.raises(error) as caught:
        given_keypoints(keypoints, keypoint_set=keypoint_set)
    assert re.search(message, str(caught.value))


def test_files_are_read_and_detectors_stay(tmp_path):
    (tmp_path / 'k.json').write_text(json.dumps(CONTENTS['results']))
    file = given_keypoints(tmp_path / 'k.json', keypoint_set='coco_17')
    assert file.label == str(tmp_path / 'k.json')
    assert given_keypoints(file) is file
