import json
from pathlib import Path

import pytest

from dpmesh_plugin.apis import InferenceReport, Problem
from dpmesh_plugin.apis.inference_report import make_folder, output_names, resolve_device


def test_names_stay_apart_where_stems_repeat():
    images = [Path('x/a.jpg'), Path('x/a.png'), Path('x/b.jpg')]
    assert list(output_names(images).values()) == ['a_jpg', 'a_png', 'b']
    with pytest.raises(ValueError, match=r'1 of the images share a file name.*a_jpg'):
        output_names([Path('x/a.jpg'), Path('y/a.jpg')])


def test_a_folder_that_cannot_be_made_is_known_at_once(tmp_path):
    assert make_folder(tmp_path / 'a' / 'b').is_dir()
    file = tmp_path / 'file'
    file.touch()
    with pytest.raises(FileExistsError, match='file'):
        make_folder(file)
    with pytest.raises(NotADirectoryError, match='file'):
        make_folder(file / 'out')


def test_a_folder_that_nobody_may_write_to_is_known_at_once():
    with pytest.raises(OSError, match='/proc is not writable; choose another'):
        make_folder('/proc')


def test_a_problem_names_image_and_person():
    assert str(Problem('a.jpg', 'too dark')) == 'a.jpg: too dark'
    assert str(Problem('a.jpg', 'too dark', 7)) == 'a.jpg, person 7: too dark'


def test_the_summary_states_the_facts(tmp_path):
    report = InferenceReport(
        images=[{'image': 'a.jpg', 'persons': 2}], problems=[Problem('b.jpg', 'cut off', 3)]
    )
    report.save(tmp_path / 'summary.json', checkpoint='c.pth')
    assert report.num_persons == 2
    assert json.loads((tmp_path / 'summary.json').read_text()) == {
        'schema_version': 2,
        'checkpoint': 'c.pth',
        'images': [{'image': 'a.jpg', 'persons': 2}],
        'problems': [{'image': 'b.jpg', 'message': 'cut off', 'person_id': 3}],
        'notes': [],
    }


def test_devices_are_checked():
    assert resolve_device('cpu') == 'cpu'
    assert resolve_device('auto') in ('cpu', 'cuda', 'mps')
    with pytest.raises(ValueError, match="auto, cpu, cuda, cuda:N or mps, got 'gpu'"):
        resolve_device('gpu')


def test_a_device_that_is_not_there_is_refused():
    missing = {'cpu': 'cuda', 'cuda': 'mps', 'mps': 'cuda'}[resolve_device('auto')]
    with pytest.raises(ValueError, match=f"device '{missing}' was asked for, this machine offers"):
        resolve_device(missing)
