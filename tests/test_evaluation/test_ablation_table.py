import csv

import cv2
import pytest

from dpmesh_plugin.evaluation.ablation_table import AblationRow, markdown_table, write_tables
from dpmesh_plugin.evaluation.comparison import Result

PROTOCOL = {'dataset': 'SynthOC (test)', 'samples': {'evaluated': 3}, 'joint_set': 'h36m_14'}


def _result(value, **facts):
    metrics = {'MPJPE': value, 'PA-MPJPE': 1.0, 'MPVPE': 2.0}
    return Result('metrics', metrics, {**PROTOCOL, **facts})


BASE = AblationRow('base', 'The base', {0: _result(100.0), 1: _result(103.0), 2: _result(106.0)})
SINGLE = AblationRow('single', 'One seed', {0: _result(90.0)}, {1: 'training: out of memory'})
BROKEN = AblationRow('broken', 'Nothing', {}, {0: 'test: no file'})


def test_mean_and_spread_by_hand():
    assert BASE.statistics('MPJPE') == (103.0, pytest.approx(3.0))
    assert SINGLE.statistics('MPJPE') == (90.0, None)
    assert BROKEN.statistics('MPJPE') == (None, None)
    diverged = AblationRow('diverged', '', {0: _result(1.0), 1: _result(None)})
    assert diverged.statistics('MPJPE') == (None, None)


def test_markdown_says_what_failed():
    lines = markdown_table([BASE, SINGLE, BROKEN]).splitlines()
    assert lines[2] == '| base | The base | 3 | 103.0 ± 3.0 | 1.0 ± 0.0 | 2.0 ± 0.0 |'
    assert lines[3] == '| single | One seed | 1 (1 failed) | 90.0 | 1.0 | 2.0 |'
    assert lines[4] == '| broken | Nothing | 0 (1 failed) | - | - | - |'
    assert '- single, seed 1: failed: training: out of memory' in lines
    assert '- broken, seed 0: failed: test: no file' in lines


def test_rows_of_another_protocol_are_named():
    other = AblationRow('other', 'More people', {0: _result(1.0, samples={'evaluated': 4})})
    text = markdown_table([BASE, other])
    assert '- other is not comparable with base: samples is 4, not 3' in text
    assert 'not comparable' not in markdown_table([BASE, SINGLE])


def test_files(tmp_path):
    paths = write_tables([BASE, SINGLE, BROKEN], tmp_path)
    assert [path.name for path in paths] == ['ablations.md', 'ablations.csv', 'ablations.png']
    with open(paths[1], newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['MPJPE_mean_mm'] for row in rows] == ['103.000', '90.000', '']
    assert rows[0]['seeds'] == '0 1 2'
    assert rows[1]['failed_seeds'] == '1'
    assert [row['MPJPE_std_mm'] for row in rows] == ['3.000', '', '']
    assert cv2.imread(str(paths[2])).shape[1] == 840
    assert len(write_tables([BROKEN], tmp_path)) == 2
    assert not paths[2].exists()
