import json

import numpy as np

from dpmesh_plugin.apis.exporters import JSONExporter


def test_everything_but_the_mesh_is_text(photograph, body, tmp_path):
    (path,) = JSONExporter().export(photograph, body, tmp_path / 'photo')
    assert path.name == 'photo_persons.json'
    content = json.loads(path.read_text())
    (meshes,) = photograph.frames
    assert (content['schema_version'], content['image']) == (2, 'picture_0.jpg')
    assert content['body_model_id'] == body.model_id
    assert 'frame_index' not in content
    assert [person['id'] for person in content['persons']] == [4, 9]
    second = content['persons'][1]
    np.testing.assert_allclose(second['body_pose'], meshes.body_pose[1])
    assert list(second['joints']) == meshes.joint_names.tolist()
    nose = second['joints']['nose']
    row = meshes.joint_names.tolist().index('nose')
    np.testing.assert_allclose(nose['position'], meshes.joints[1, row], atol=1e-3)
    # The made-up keypoints are the projected joints.
    np.testing.assert_allclose(nose['pixel'], nose['keypoint'], atol=1e-3)
    assert (nose['score'], nose['visible']) == (1.0, True)


def test_a_video_has_a_file_per_frame(video, body, tmp_path):
    paths = JSONExporter().export(video, body, tmp_path / 'walk')
    assert [path.name for path in paths] == [f'persons_{n:06d}.json' for n in range(10, 16)]
    assert {path.parent.name for path in paths} == {'walk_json'}
