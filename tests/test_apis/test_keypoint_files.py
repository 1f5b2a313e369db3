import json
import re
from pathlib import Path

import numpy as np
import pytest

from dpmesh_plugin.apis import read_keypoints
from dpmesh_plugin.apis.video_keypoints import frames_of_video
from dpmesh_plugin.structures import get_keypoint_set

COCO = get_keypoint_set('coco_17').names
IMAGE = {'id': 1, 'file_name': 'a.jpg'}


def _joints(num, flag=2):
    """Joint i at (10 i, 10 i + 1)."""
    return [value for i in range(num) for value in (10 * i, 10 * i + 1, flag)]


def _annotation(id_=5, **changes):
    content = {
        'id': id_,
        'image_id': 1,
        'category_id': 1,
        'keypoints': _joints(17),
        'bbox': [1, 2, 30, 40],
        'iscrowd': 0,
    }
    return {**content, **changes}


def _coco(*annotations, names=COCO, **changes):
    content = {
        'images': [{'id': 1, 'file_name': 'a.jpg', 'width': 64, 'height': 48}],
        'categories': [{'id': 1, 'name': 'person', 'keypoints': list(names)}],
        'annotations': list(annotations),
    }
    return {**content, **changes}


@pytest.fixture
def write(tmp_path):
    def write(content, name='keypoints.json'):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        return path

    return write


def test_coco_annotations_are_read_with_flags_as_scores(write):
    flags = _joints(17)
    flags[2], flags[5], flags[8] = 0, 1, 2
    file = read_keypoints(write(_coco(_annotation(keypoints=flags))))
    image = file.find('some/folder/a.jpg')
    (person,) = image.persons
    assert image.size == (64, 48)
    assert (person.person_id, person.keypoint_set) == (5, 'coco_17')
    assert person.scores[:3].tolist() == [0, 1, 1]
    np.testing.assert_array_equal(person.keypoints[4], [40, 41])
    np.testing.assert_array_equal(person.bbox_xywh, [1, 2, 30, 40])


def test_crowdpose_joints_are_mapped_by_name(write):
    names = ['head' if n == 'head_top' else n for n in get_keypoint_set('crowdpose_14').names]
    file = read_keypoints(write(_coco(_annotation(keypoints=_joints(14)), names=names)))
    (person,) = file.find('a.jpg').persons
    assert person.keypoint_set == 'crowdpose_14'
    head = get_keypoint_set('crowdpose_14').index('head_top')
    np.testing.assert_array_equal(person.keypoints[head], [120, 121])


def test_joints_in_another_order_are_sorted_and_absent_ones_have_no_score(write):
    names = ['right_wrist', 'nose']
    file = read_keypoints(write(_coco(_annotation(keypoints=_joints(2)), names=names)))
    (person,) = file.find('a.jpg').persons
    wrist = get_keypoint_set('coco_17').index('right_wrist')
    assert person.scores.sum() == 2
    np.testing.assert_array_equal(person.keypoints[[0, wrist]], [[10, 11], [0, 1]])


def test_crowds_and_other_categories_are_left_out_and_a_person_without_joints_stays(write):
    content = _coco(
        _annotation(id_=1, iscrowd=1),
        _annotation(id_=2, category_id=9),
        _annotation(id_=3, keypoints=[0] * 51),
    )
    content['categories'].append({'id': 9, 'name': 'dog'})
    (person,) = read_keypoints(write(content)).find('a.jpg').persons
    assert person.person_id == 3
    assert person.scores.sum() == 0
    assert person.bbox_xywh is not None


@pytest.mark.parametrize(('num', 'name'), [(18, 'openpose_18'), (25, 'openpose_25')])
def test_openpose_folders_and_files_are_read(num, name, write):
    people = [{'pose_keypoints_2d': _joints(num, 0.25)}, {'pose_keypoints_2d': [0.0] * 3 * num}]
    path = write({'version': 1.3, 'people': people}, 'poses/a_keypoints.json')
    for source in (path, path.parent):
        first, second = read_keypoints(source).find('images/a.png').persons
        assert first.keypoint_set == name
        assert first.scores.tolist() == [0.25] * num
        assert first.bbox_xywh is None
        assert second.scores.sum() == 0


@pytest.mark.parametrize(
    'where', [{'image_id': 785}, {'image_name': '000000000785.jpg'}, {'image_id': '000000000785'}]
)
def test_lists_of_results_are_read(where, write):
    entry = {**where, 'keypoints': _joints(17, 0.5), 'score': 0.9, 'bbox': [0, 0, 5, 6]}
    file = read_keypoints(write([entry, entry]), keypoint_set='coco_17')
    first, second = file.find('val/000000000785.jpg').persons
    assert (first.person_id, second.person_id) == (0, 1)
    assert first.scores.tolist() == [0.5] * 17
    assert file.num_persons == 2


@pytest.mark.parametrize(('num', 'name'), [(17, 'coco_17'), (26, 'openpose_25')])
def test_results_of_alphapose_name_their_joints_by_their_number(num, name, write):
    entry = {
        'image_id': '7.jpg',
        'category_id': 1,
        'keypoints': _joints(num, 0.5),
        'score': 2.9,
        'box': [1.0, 2, 30, 40],
        'idx': [0.0],
    }
    (person,) = read_keypoints(write([entry])).find('frames/7.jpg').persons
    assert person.keypoint_set == name
    np.testing.assert_array_equal(person.bbox_xywh, [1, 2, 30, 40])
    wrist = get_keypoint_set(name).index('right_wrist')
    np.testing.assert_array_equal(person.keypoints[wrist], [100, 101])
    if num == 26:
        neck, heel = (get_keypoint_set(name).index(joint) for joint in ('neck', 'right_heel'))
        np.testing.assert_array_equal(person.keypoints[[neck, heel]], [[180, 181], [250, 251]])


def test_images_of_one_name_are_told_apart_by_their_folders(write):
    content = _coco(_annotation(id_=1), _annotation(id_=2, image_id=2))
    content['images'] = [{'id': i, 'file_name': f'{f}/a.jpg'} for i, f in ((1, 'left'), (2, 'up'))]
    file = read_keypoints(write(content))
    assert file.find('/data/up/a.jpg').persons[0].person_id == 2
    with pytest.raises(KeyError, match='a.jpg is not among the 2 images'):
        file.find('/data/down/a.jpg')


def _named(*names):
    """A file with one person in every image, whose id is the position of the name."""
    annotations = [_annotation(id_=i, image_id=i) for i in range(len(names))]
    images = [{'id': i, 'file_name': name} for i, name in enumerate(names)]
    return _coco(*annotations, images=images)


def test_folders_count_also_where_only_one_image_has_the_name(write):
    file = read_keypoints(write(_named('seqA/0001.jpg', '/data/0002.jpg')))
    assert file.find('/data/seqA/0001.jpg').persons[0].person_id == 0
    assert file.find('/data/seqB/../seqA/0001.jpg').persons[0].person_id == 0
    assert file.find('/data/0002.jpg').persons[0].person_id == 1
    for other, stated in (
        ('/data/seqB/0001.jpg', 'seqA/0001.jpg'),
        ('/0001.jpg', 'seqA/0001.jpg'),
        ('/mnt/data/0002.jpg', '/data/0002.jpg'),
    ):
        name = other.rpartition('/')[2]
        message = (
            rf'^.{name} is not among the 2 images of .*keypoints\.json: it has {stated}, but the '
            f'image is {other}. Expected an image whose path ends with the whole name: put or link '
            f'it into these folders, or leave the folders out of the names, as {name} fits in any'
        )
        with pytest.raises(KeyError, match=message):
            file.find(other)


def test_folders_count_for_names_without_suffix_and_behind_links(write, tmp_path, monkeypatch):
    file = read_keypoints(write(_named('seqA/0001', 'seqA/7', 'a.jpg')))
    assert file.find('/data/seqA/0001.jpg').persons[0].person_id == 0
    assert file.find('/data/seqA/0007.jpg').persons[0].person_id == 1
    (tmp_path / 'seqA').mkdir()
    (tmp_path / 'photos').symlink_to(tmp_path / 'seqA')
    assert file.find(tmp_path / 'photos' / '0001.jpg').persons[0].person_id == 0
    monkeypatch.chdir(tmp_path / 'seqA')
    assert file.find('0001.jpg').persons[0].person_id == 0
    monkeypatch.chdir('/')
    with pytest.raises(KeyError, match='it has seqA/0001, but the image is /0001.jpg'):
        file.find('0001.jpg')


def test_an_image_that_is_not_in_the_file_is_named(write):
    file = read_keypoints(write(_coco(_annotation())))
    with pytest.raises(KeyError, match=r'b\.jpg is not among the 1 images of .*keypoints\.json'):
        file.find('b.jpg')


def test_two_entries_for_one_image_are_refused(write):
    content = _coco(_annotation())
    content['images'].append({'id': 2, 'file_name': 'a.jpg'})
    with pytest.raises(ValueError, match=r'has 2 entries that fit a\.jpg'):
        read_keypoints(write(content)).find('a.jpg')


@pytest.mark.parametrize(
    ('content', 'error', 'message'),
    [
        (_coco(_annotation(), names=['nose', 'tail']), KeyError, 'unknown names: tail.*coco_17'),
        (_coco(_annotation(keypoints=_joints(14))), ValueError, 'annotation 5: expected 17 joints'),
        (_coco(_annotation(keypoints=_joints(17, 0.7))), ValueError, 'its visibility 0, 1 or 2'),
        (_coco(_annotation(keypoints='none')), ValueError, 'annotation 5: keypoints must be num'),
        (_coco(_annotation(image_id=7)), ValueError, "not in 'images'.*7"),
        (_coco({'id': 3, 'category_id': 1}), KeyError, "annotation 3 has no field 'keypoints'"),
        (_coco(images=[{'id': 1}]), KeyError, "no field 'file_name'"),
        (_coco(images=[{**IMAGE, 'width': 64}]), KeyError, "image 1 has no field 'height'"),
        (_coco(images=[{**IMAGE, 'height': 48}]), KeyError, "image 1 has no field 'width'"),
        (_coco(categories=[{'keypoints': list(COCO)}]), KeyError, "has no field 'id'; it has: key"),
        (_coco(categories=[{'id': 1, 'name': 'person'}]), KeyError, 'names no joints'),
        ([{'image_id': 1, 'keypoints': _joints(17)}], ValueError, 'state keypoint_set'),
        ({'people': [{'pose_keypoints_2d': [1, 2, 3]}]}, ValueError, 'person 0.*has 3 numbers'),
        ({'people': [{}]}, KeyError, "person 0 has no field 'pose_keypoints_2d'"),
        ({'persons': []}, ValueError, 'no keypoints of a known format'),
        ([1, 2], ValueError, 'no keypoints of a known format'),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(content, error, message, write):
    with pytest.raises(error, match=message) as caught:
        read_keypoints(write(content))
    assert 'keypoints.json' in str(caught.value)


@pytest.mark.parametrize(
    ('entry', 'error', 'message'),
    [
        ({'image_id': 1, 'keypoints': _joints(14)}, ValueError, 'result 0: expected 17 joints'),
        ({'keypoints': _joints(17)}, KeyError, "result 0 has no field 'image_id'"),
    ],
)
def test_a_wrong_result_is_named(entry, error, message, write):
    with pytest.raises(error, match=message):
        read_keypoints(write([entry]), keypoint_set='coco_17')


@pytest.mark.parametrize(
    'change',
    [
        {'keypoints': [float('nan'), *_joints(17)[1:]]},
        {'keypoints': [0, 0, float('nan'), *_joints(17)[3:]]},
        {'keypoints': [0, 0, None, *_joints(17)[3:]]},
        {'bbox': [0, 0, float('inf'), 1]},
    ],
)
def test_values_that_are_not_finite_do_not_stop_the_other_people(change, write):
    file = read_keypoints(write(_coco(_annotation(id_=1, **change), _annotation(id_=2))))
    assert [person.is_finite for person in file.find('a.jpg').persons] == [False, True]


@pytest.mark.parametrize(
    ('content', 'own', 'other'),
    [
        (_coco(_annotation()), 'coco_17', 'crowdpose_14'),
        ({'people': [{'pose_keypoints_2d': _joints(18, 0.5)}]}, 'openpose_18', 'coco_17'),
    ],
)
def test_a_stated_set_must_be_that_of_a_file_that_names_its_joints(content, own, other, write):
    message = (
        rf'keypoints\.json says itself what its joints are: {own}\. The keypoint_set {other} '
        r'\(--keypoint-set\) would be ignored; leave it out'
    )
    with pytest.raises(ValueError, match=message):
        read_keypoints(write(content), keypoint_set=other)
    assert read_keypoints(write(content), keypoint_set=own).num_persons == 1


@pytest.mark.parametrize('keypoint_set', [None, 'coco_17'])
def test_an_empty_list_says_that_nobody_was_found(keypoint_set, write):
    file = read_keypoints(write([]), keypoint_set=keypoint_set)
    message = r'keypoints\.json is empty, as detectors leave it that found nobody'
    with pytest.raises(KeyError, match=message):
        file.find('a.jpg')
    with pytest.raises(KeyError, match=message):
        frames_of_video(file, Path('clip.mp4'))


def test_an_unknown_keypoint_set_lists_the_known_ones(write):
    with pytest.raises(KeyError, match="unknown keypoint set 'coco_71'.*coco_17"):
        read_keypoints(write([]), keypoint_set='coco_71')


def test_nothing_at_the_path(tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / 'none.json'))):
        read_keypoints(tmp_path / 'none.json')
    with pytest.raises(FileNotFoundError, match='NAME_keypoints.json'):
        read_keypoints(tmp_path)


@pytest.mark.parametrize(
    ('name', 'images', 'persons'), [('coco', 4, 14), ('crowdpose', 2, 5), ('ochuman', 3, 5)]
)
def test_real_annotations_are_read(name, images, persons, shared_dir):
    folder = shared_dir / 'real' / name
    file = read_keypoints(folder / f'test_{name}.json')
    assert len(file.images) == images
    assert file.num_persons == persons
    assert all(file.find(path) for path in folder.glob('*.jpg'))
