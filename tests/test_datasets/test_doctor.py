import re
import runpy
import sys

import cv2
import numpy as np
import pytest

from dpmesh_plugin.datasets.doctor import examine
from dpmesh_plugin.datasets.fit_agreement import fitted_joints
from dpmesh_plugin.registry import DATASETS
from dpmesh_plugin.structures import map_keypoints


def _build(config):
    return DATASETS.build(config | {'lazy_init': True})


def _texts(diagnosis):
    return [problem.what for problem in diagnosis.problems]


def test_sound_data_have_no_problem(schema_people, body_model):
    diagnosis = examine(_build(schema_people()), body_model=body_model)
    assert not diagnosis.problems
    assert diagnosis.facts['people'] == diagnosis.facts['people with a body'] == '4'
    assert diagnosis.facts['images'] == '2'
    median = float(diagnosis.facts['joints to body'].split()[1])
    assert 0 < median < 60  # two regressors of one body
    assert len(diagnosis.facts['manifest']) == 64


def test_3dpw_layout(people, body_model):
    diagnosis = examine(_build(people()), body_model=body_model)
    assert diagnosis.facts['people'] == '4'
    assert 'projected body to keypoints' in diagnosis.facts


def test_one_wrong_detection_is_no_problem_but_many_are(people, body_model):
    def detect(content, *, wrong):
        for index, annotation in enumerate(content['annotations']):
            joints = fitted[index] if index not in wrong else fitted[index] + [40, 0]
            table = np.column_stack([joints, np.ones(18)])
            annotation['openpose_result'] = table.reshape(-1).tolist()

    dataset = DATASETS.build(people())
    fitted = []
    for index in range(4):
        person = dataset.get_data_info(index)
        ((_, joints),) = fitted_joints([person], body_model)
        pixels = joints[:, :2] / joints[:, 2:] * person['focal_length'] + person['principal_point']
        fitted.append(map_keypoints(pixels, 'dpmesh_30', 'openpose_18'))
    for wrong, number in (((0,), 0), ((0, 1, 2), 1)):
        config = people(lambda content, wrong=wrong: detect(content, wrong=wrong))
        texts = _texts(examine(_build(config), body_model=body_model))
        assert sum('projected far' in text for text in texts) == number


def test_sample_looks_at_fewer(schema_people):
    assert examine(_build(schema_people()), sample=2).facts['looked at'] == '2'


def test_manifest_tells_what_changed(schema_people, tmp_path):
    config = schema_people()
    first = examine(_build(config)).facts['manifest']
    assert examine(_build(config)).facts['manifest'] == first
    cv2.imwrite(str(tmp_path / 'images/s_01/1.png'), np.eye(64, 96, dtype=np.uint8) * 255)
    assert examine(_build(config)).facts['manifest'] != first


def _move_first(content):
    content['annotations'][0]['keypoints_3d'][15:18] = [0.0, 2.0, 3.0]


def _shift_first(content):
    content['annotations'][0]['smpl_param']['trans'][0] += 1.5


def _swap_box(content):
    content['annotations'][1]['bbox'] = [1, 1, 3, 3]


def _drop_one(content):
    content['annotations'][2]['bbox'] = [5, 5, 0, 4]


@pytest.mark.parametrize(
    ('edit', 'expected'),
    [
        (_move_first, r'1 bodies disagree with their joints in space; annotations: 200 \(\d+ mm\)'),
        (_shift_first, r'1 bodies are projected far from their keypoints; annotations: 200 \('),
        (_swap_box, '1 boxes do not hold the middle of their keypoints; annotations: 201'),
        (_drop_one, '1 people left out .the annotated box is empty or outside the image.: 202'),
        (lambda c: c['info'].update(version=7), 'version 7 of the schema'),
        (lambda c: c['info'].update(model_id='smpl'), "annotated with body model 'smpl'"),
    ],
)
def test_annotations_that_are_wrong(schema_people, body_model, edit, expected):
    diagnosis = examine(_build(schema_people(edit)), body_model=body_model)
    assert re.search(expected, _texts(diagnosis)[0]), _texts(diagnosis)
    assert all(problem.mend for problem in diagnosis.problems)


def test_images_that_are_wrong(schema_people, tmp_path):
    config = schema_people()
    (tmp_path / 'images/s_01/0.png').unlink()
    cv2.imwrite(str(tmp_path / 'images/s_01/1.png'), np.zeros((5, 6, 3), np.uint8))
    texts = _texts(examine(_build(config)))
    assert 'first image of' in texts[0]
    assert texts[1].startswith('1 images are missing: ')
    assert texts[2].startswith('1 images have another size than annotated: ')
    assert texts[2].endswith('s_01/1.png is (6, 5), annotated (96, 64)')
    (tmp_path / 'images/s_01/1.png').write_bytes(b'\x89PNG cut off')
    assert '1 images are corrupt: ' in _texts(examine(_build(config)))[2]


@pytest.fixture
def check(repo_root, tmp_path, monkeypatch, capsys):
    """Runs the tool on a training data set; gives exit code and output."""
    tool = repo_root / 'tools' / 'dataset_converters' / 'check_data.py'
    config = tmp_path / 'config.py'

    def run(dataset, *options):
        config.write_text(
            f"body_model = dict(type='SMPL')\ntrain_dataloader = dict(dataset={dataset!r})\n"
        )
        monkeypatch.setattr(sys, 'argv', [str(tool), str(config), '--workers', '1', *options])
        with pytest.raises(SystemExit) as finished:
            runpy.run_path(str(tool), run_name='__main__')
        return finished.value.code, capsys.readouterr().out

    return run


def test_tool_says_what_to_do_by_exit_code(schema_people, check):
    part = schema_people()
    mixture = {'type': 'MixedMeshDataset', 'groups': {'a': [part, part]}}
    code, output = check(mixture)
    assert code == 0
    assert output.count('no problem found') == 1  # the same data set only once
    code, output = check(mixture, '--expect', 'abc')
    assert code == 1
    assert 'manifest other than abc' in output
    assert 'what to do: ' in output


@pytest.mark.parametrize(
    'wrapper',
    [
        {'type': 'PreparedDataset', 'views': 2},
        {'type': 'LatentCacheDataset', 'cache': 'not_yet_written'},
        {'type': 'RepeatDataset', 'times': 3},
    ],
)
def test_tool_looks_under_what_wraps_the_data(people, check, wrapper):
    _, output = check({**wrapper, 'dataset': people()})
    assert output.count('PW3DDataset') == 1
    assert 'people: 4' in output
