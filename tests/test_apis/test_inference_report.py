import json
from pathlib import Path

import pytest

from dpmesh_plugin.apis import InferenceReport, Problem
from dpmesh_plugin.apis.inference_report import make_folder, output_names


def test_names_stay_apart_where_stems_repeat():
    images = [Path('x/a.jpg'), Path('x/a.png'), Path('x/b.jpg')]
    assert list(output_names(images).values()) == ['a_jpg', 'a_png', 'b']
    message = r'of x/a\.jpg and y/a\.jpg would have the same name .* other; rename one, or give'
    with pytest.raises(ValueError, match=message):
        output_names([Path('x/a.jpg'), Path('x/b.jpg'), Path('y/a.jpg')])
    images = [Path(folder, name) for folder in 'xyz' for name in ('a.jpg', 'b.jpg')]
    with pytest.raises(ValueError, match=r'x/a\.jpg and y/a\.jpg .* \(and 1 more such names\);'):
        output_names(images)


def test_a_folder_that_cannot_be_made_is_known_at_once(tmp_path):
    assert make_folder(tmp_path / 'a' / 'b').is_dir()
    file = tmp_path / 'file'
    file.touch()
    with pytest.raises(FileExistsError, match='file cannot be made: File exists; choose another'):
        make_folder(file)
    with pytest.raises(NotADirectoryError, match='out cannot be made: Not a directory'):
        make_folder(file / 'out')


def test_a_folder_that_nobody_may_write_to_is_known_at_once():
    with pytest.raises(OSError, match='/proc is not writable; choose another'):
        make_folder('/proc')


def test_a_problem_names_image_and_person():
    assert str(Problem('a.jpg', 'too dark')) == 'a.jpg: too dark'
    assert str(Problem('a.jpg', 'too dark', 7)) == 'a.jpg, person 7: too dark'


def test_the_summary_states_the_facts(tmp_path):
    report = InferenceReport(
        images=[{'image': 'a.jpg', 'persons': 2}],
        problems=[Problem('b.jpg', 'cut off', 3)],
        notes=[Problem('photos', 'not taken: videos c.mp4')],
    )
    report.save(tmp_path / 'summary.json', checkpoint='c.pth')
    assert report.num_persons == 2
    assert json.loads((tmp_path / 'summary.json').read_text()) == {
        'schema_version': 2,
        'checkpoint': 'c.pth',
        'images': [{'image': 'a.jpg', 'persons': 2}],
        'problems': [{'image': 'b.jpg', 'message': 'cut off', 'person_id': 3}],
        'notes': [{'image': 'photos', 'message': 'not taken: videos c.mp4', 'person_id': None}],
    }


def test_a_summary_describes_all_that_lies_in_the_folder(tmp_path):
    path = tmp_path / 'summary.json'
    for name in ('a', 'b', 'c', 'gone'):
        (tmp_path / f'{name}.npz').touch()
    first = [{'image': f'{n}.jpg', 'persons': 2, 'meshes': f'{n}.npz'} for n in ('a', 'b', 'gone')]
    dark = [Problem(f'{name}.jpg', 'dark') for name in 'bd'] + [Problem('v.mp4, frame 7', 'dark')]
    report = InferenceReport(images=first, problems=dark, notes=[Problem('x', 'not taken: y')])
    report.save(path, checkpoint='1.pth', keypoints='k.json')
    (tmp_path / 'gone.npz').unlink()
    again = [{'image': f'{n}.jpg', 'persons': 1, 'meshes': f'{n}.npz'} for n in ('b', 'c')]
    report = InferenceReport(images=again, problems=[Problem('v.mp4', 'cut off')])
    report.save(path, checkpoint='2.pth', keypoints='k.json')
    summary = json.loads(path.read_text())
    assert summary['images'] == [{'checkpoint': '1.pth', **first[0]}, *again]
    said = [(each['image'], each['message']) for each in summary['problems']]
    assert said == [('d.jpg', 'dark'), ('v.mp4', 'cut off')]
    assert [each['image'] for each in summary['notes']] == ['x']
    assert (report.images, summary['checkpoint']) == (again, '2.pth')
    # A result keeps its own facts through any number of further runs.
    InferenceReport().save(path, checkpoint='3.pth', keypoints='other.json')
    facts = [
        (each['checkpoint'], each['keypoints']) for each in json.loads(path.read_text())['images']
    ]
    assert facts == [(f'{n}.pth', 'k.json') for n in (1, 2, 2)]


@pytest.mark.parametrize('content', ['{', '[]', '{"images": [3]}', '{"images": [{"id": 3}]}'])
def test_a_file_that_is_no_summary_is_replaced_and_that_is_said(content, tmp_path):
    path = tmp_path / 'summary.json'
    path.write_text(content)
    report = InferenceReport()
    report.save(path)
    assert 'was no summary of results and is replaced' in str(report.notes[0])
    assert json.loads(path.read_text())['images'] == []
