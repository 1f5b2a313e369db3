import io

from rich.console import Console

from dpmesh_plugin.evaluation.comparison import Result, published_for
from dpmesh_plugin.evaluation.definitions import define
from dpmesh_plugin.evaluation.result_tables import metrics_table, split_tables

PROTOCOL = {
    'dataset': '3DPW (oc)',
    'samples': {'evaluated': 3},
    'joint_set': 'h36m_14',
    'root': 'pelvis',
    'definitions': define(['MPJPE', 'AUC'], ['h36m_14'], 'pelvis'),
}
CAUSES = {'visible': {'joints': 30, 'MPJPE': 50.0}, 'truncated': {'joints': 0, 'MPJPE': None}}


def _text(table):
    console = Console(width=120, file=io.StringIO())
    console.print(table)
    return console.file.getvalue()


def _result(name, metrics, **splits):
    return Result(name, metrics, PROTOCOL, splits)


def test_published_rows_stand_below_with_their_source():
    result = _result('mine', {'MPJPE': 66.66, 'AUC': None})
    text = _text(metrics_table([result], published_for(result)))
    lines = {line.split()[1]: line.split() for line in text.splitlines() if '│' in line}
    assert lines['mine'][3:6:2] == ['66.7', '-']
    assert lines['DPMesh'][4] == '70.9'
    assert 'arXiv:2404.01424' in text
    assert '3 samples, h36m_14' in text
    assert 'root pelvis' in text
    assert '%' in text


def test_joint_sets_are_rows():
    text = _text(metrics_table([_result('a', {'MPJPE': 1.0, 'smpl_24/MPJPE': 2.0})]))
    assert 'a, smpl_24' in text
    assert text.count('MPJPE') == 1


def test_splits_of_several_results_share_bins():
    results = [
        _result(name, {}, by_visibility={'h36m_14': CAUSES}, by_occlusion={}, per_joint={})
        for name in 'ab'
    ]
    (table,) = split_tables(results)
    lines = _text(table).splitlines()
    row = next(line.split() for line in lines if 'truncated' in line)
    assert [cell for cell in row if cell != '│'] == ['truncated', '0', '-', '-']


def test_nothing_known_is_no_table():
    unknown = {'0-1': {'samples': 0, 'MPJPE': None}, 'unknown': {'samples': 9, 'MPJPE': 1.0}}
    joints = {'h36m_14': {'neck': {'MPJPE': 4.0}}}
    result = _result('a', {}, by_occlusion=unknown, per_joint=joints)
    assert list(split_tables([result])) == []
    (table,) = split_tables([result], per_joint=True)
    assert 'neck' in _text(table)
