import numpy as np
import pytest

from dpmesh_plugin.datasets.annotation_columns import (
    as_rows,
    image_sizes,
    joint_column,
    keep_usable_boxes,
    person_columns,
    smpl_columns,
)
from dpmesh_plugin.datasets.annotation_file import AnnotationFile


@pytest.fixture
def read(people):
    return lambda edit=None: AnnotationFile(f'{people(edit)["data_root"]}/people.json')


def test_columns_of_a_person(read):
    columns = person_columns(read())
    assert columns['sample_idx'] == [100, 101, 102, 103]
    assert columns['img_id'] == [0, 0, 1, 1]
    assert columns['ori_shape'] == [(96, 64)] * 4
    assert columns['occlusion'] == [0, 0.25, 0.5, 0.75]
    assert columns['visibility'].shape == (4, 30)
    assert columns['visibility'].dtype == np.int8
    assert 'track_id' not in columns


def test_what_the_file_does_not_say_is_no_column(read):
    def forget(content):
        for annotation in content['annotations']:
            del annotation['visibility'], annotation['occlusion']

    assert set(person_columns(read(forget))) == {'sample_idx', 'img_id', 'bbox_xywh', 'ori_shape'}


def test_unusable_boxes_are_forgotten(read):
    file = read(lambda content: content['annotations'][1].update(bbox=[5, 5, 0, 9]))
    assert keep_usable_boxes(file) == [101]
    assert file.ids == [100, 102, 103]


def test_an_image_without_pixels(read):
    message = r'annotation 102: its image 1 has the size \(w, h\) \[96.0, 0.0\]'
    with pytest.raises(ValueError, match=message):
        image_sizes(read(lambda content: content['images'][1].update(height=0)))


def test_bodies_as_rows(read):
    file = read()
    columns = smpl_columns(file)
    rows = as_rows(columns)
    shapes = {name: value.shape for name, value in rows[2].items()}
    assert shapes == {
        'global_orient': (3,),
        'body_pose': (23, 3),
        'betas': (10,),
        'transl': (3,),
    }
    np.testing.assert_allclose(rows[2]['transl'], [0.2, 0.2, 3.0], rtol=1e-6)
    pose = file.column('smpl_param.pose', 72)
    np.testing.assert_array_equal(columns['body_pose'][1, 22], pose[1, 69:])
    with pytest.raises(ValueError, match='shorter'):
        as_rows(columns | {'gender': ['male']})


def test_nobody_has_no_rows(read):
    nobody = read(lambda content: content.update(annotations=[]))
    assert image_sizes(nobody).shape == (0, 2)
    assert as_rows(smpl_columns(nobody)) == []


def test_joints_of_a_set(read):
    file = read()
    joints = joint_column(file, 'openpose_result', 'openpose_18')
    assert joints.shape == (4, 18, 3)
    np.testing.assert_array_equal(joints[..., 2], 1)
    with pytest.raises(ValueError, match='annotation 100: openpose_result must have 51 numbers'):
        joint_column(file, 'openpose_result', 'coco_17')
