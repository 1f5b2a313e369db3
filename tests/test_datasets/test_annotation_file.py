import json

import numpy as np
import pytest

from dpmesh_plugin.datasets.annotation_file import AnnotationFile

CONTENT = {
    'images': [{'id': 7, 'width': 4}, {'id': 8, 'width': 5}],
    'annotations': [
        {'id': 1, 'image_id': 8, 'bbox': [1, 2, 3, 4], 'body': {'gender': 'm'}},
        {'id': 2, 'image_id': 7, 'bbox': [[5, 6], [7, 8]], 'body': {'gender': 'neutral'}},
    ],
}


@pytest.fixture
def write(tmp_path):
    def to_file(content) -> AnnotationFile:
        path = tmp_path / 'people.json'
        path.write_text(json.dumps(content))
        return AnnotationFile(path)

    return to_file


def test_columns_join_images_to_annotations(write):
    file = write(CONTENT)
    assert file.ids == [1, 2]
    np.testing.assert_array_equal(file.column('bbox', 4), [[1, 2, 3, 4], [5, 6, 7, 8]])
    np.testing.assert_array_equal(file.column('width', 1, of_image=True), [[5], [4]])
    assert file.genders('body.gender') == ['male', 'neutral']
    file.keep([False, True])
    assert file.ids == [2]
    assert file.values('id', of_image=True) == [7]


@pytest.mark.parametrize(
    ('edit', 'error', 'message'),
    [
        (lambda c: c.pop('images'), KeyError, "has no list 'images'"),
        (lambda c: c['images'][0].pop('id'), KeyError, "image number 0 has no field 'id'"),
        (
            lambda c: c['annotations'][1].update(id=1),
            ValueError,
            r'1 duplicate annotation ids, first \[1\]',
        ),
        (
            lambda c: c['annotations'][1].update(image_id=99),
            ValueError,
            'annotation 2 belongs to image 99, which is not in the list',
        ),
    ],
)
def test_broken_structure_is_named(write, edit, error, message):
    content = json.loads(json.dumps(CONTENT))
    edit(content)
    with pytest.raises(error, match=message):
        write(content)


@pytest.mark.parametrize(
    ('box', 'error', 'message'),
    [
        (None, ValueError, 'annotation 2: bbox must have 4 numbers, got 1'),
        ([1, 2, 3], ValueError, 'annotation 2: bbox must have 4 numbers, got 3'),
        ([1, 2, 3, float('nan')], ValueError, 'annotation 2: bbox has NaN'),
        (['a', 2, 3, 4], ValueError, 'annotation 2: bbox must be 4 numbers'),
    ],
)
def test_broken_numbers_are_named(write, box, error, message):
    content = json.loads(json.dumps(CONTENT))
    content['annotations'][1]['bbox'] = box
    with pytest.raises(error, match=message):
        write(content).column('bbox', 4)


def test_missing_field_and_unknown_gender_are_named(write):
    content = json.loads(json.dumps(CONTENT))
    content['annotations'][1]['body'] = {'gender': 'x'}
    file = write(content)
    with pytest.raises(KeyError, match=r"annotation 1 has no field 'body.pose'"):
        file.column('body.pose', 72)
    with pytest.raises(KeyError, match="annotation 1 has no field 'height' in its image"):
        file.column('height', 1, of_image=True)
    with pytest.raises(ValueError, match="annotation 2: body.gender is 'x', expected one of male"):
        file.genders('body.gender')


def _numbered(tracks, frames=(3, 4.0)):
    rows = [
        row | {'track_id': track, 'frame_idx': frame}
        for row, track, frame in zip(CONTENT['annotations'], tracks, frames, strict=True)
    ]
    return CONTENT | {'annotations': rows}


def test_track_and_frame_numbers_are_exact(write):
    assert write(CONTENT).order() == {}
    tracks = [2**24 + 1, 2**24]  # one number in float32
    assert write(_numbered(tracks)).order() == {'track_id': tracks, 'frame_idx': [3, 4]}


@pytest.mark.parametrize('track', [1.5, float('nan'), 'left', None, [1, 2]])
def test_track_numbers_that_are_not_whole_are_named(write, track):
    with pytest.raises(ValueError, match='annotation 2: track_id must be a whole number, got '):
        write(_numbered([1, track])).order()


def test_absurd_body_parameters_are_named(write):
    file = write(CONTENT)
    pose, betas = np.zeros((2, 72)), np.zeros((2, 10))
    file.check_smpl(pose, betas)
    with pytest.raises(ValueError, match='annotation 2: beta 3 .* size 50'):
        file.check_smpl(pose, np.where(np.arange(20).reshape(2, 10) == 13, -50, betas))
    with pytest.raises(ValueError, match='annotation 1: rotation 23 .* radians'):
        file.check_smpl(np.where(np.arange(144).reshape(2, 72) == 71, 180, pose), betas)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path / 'none.json')):
        AnnotationFile(tmp_path / 'none.json')
