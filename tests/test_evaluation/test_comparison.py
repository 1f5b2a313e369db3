import pytest

from dpmesh_plugin.evaluation.comparison import (
    Difference,
    Result,
    differences,
    group_by_protocol,
    published_for,
    read_result,
)
from dpmesh_plugin.evaluation.definitions import define
from dpmesh_plugin.utils.io import dump_json

PROTOCOL = {
    'dataset': '3DPW (oc)',
    'subset': 'oc',
    'samples': {'expected': 3, 'evaluated': 3},
    'joint_set': 'h36m_14',
    'root': 'pelvis',
    'body_model': 'smpl-1',
    'keypoint_source': 'openpose',
}


def _result(name, **changes):
    return Result(name, {'MPJPE': 1.0}, {**PROTOCOL, **changes})


def test_one_protocol_is_one_table():
    groups = group_by_protocol([_result('a', checkpoint='x'), _result('b', checkpoint='y')])
    assert [[result.name for result in group] for group in groups] == [['a', 'b']]


@pytest.mark.parametrize(
    ('fact', 'value'),
    [
        ('keypoint_source', 'higherhrnet'),
        ('joint_set', 'smpl_24'),
        ('samples', {'expected': 3, 'evaluated': 2}),
    ],
)
def test_another_protocol_is_another_table(fact, value):
    groups = group_by_protocol([_result('a'), _result('b', **{fact: value}), _result('c')])
    assert [[result.name for result in group] for group in groups] == [['a', 'c'], ['b']]
    (difference,) = differences(groups[0][0], groups[1][0])
    assert difference.fact == fact


def _defined(name, metrics=('MPJPE', 'PA-MPJPE'), joint_sets=('h36m_14',), root='pelvis'):
    return _result(name, definitions=define(metrics, joint_sets, root), root=root)


def test_definitions_of_shared_metrics_must_agree():
    first, second = _defined('a'), _defined('b', root='mean_of_hips')
    assert differences(first, second) == [
        Difference('root', ('pelvis', 'mean_of_hips'), ('MPJPE',))
    ]
    sets = differences(first, _defined('b', joint_sets=('smpl_24',)))
    assert sets == [Difference('joint_set', ('h36m_14', 'smpl_24'), ('MPJPE', 'PA-MPJPE'))]
    other = define(['MPJPE', '3DPCK'], ['h36m_14'], 'pelvis')
    other['3DPCK']['threshold'] = 'below 100 mm'
    (threshold,) = differences(_defined('a', ('MPJPE', '3DPCK')), _result('b', definitions=other))
    assert (threshold.fact, threshold.metrics) == ('threshold', ('3DPCK',))


def test_more_metrics_and_sets_do_not_keep_results_apart():
    more = _defined('b', ('MPJPE', 'PA-MPJPE', 'AUC'), ('h36m_14', 'smpl_24'))
    more = Result('b', more.metrics, {**more.protocol, 'joint_set': ['h36m_14', 'smpl_24']})
    assert len(group_by_protocol([_defined('a'), more])) == 1


def test_published_numbers_stand_only_beside_their_like():
    rows = {row.method: row.metrics for row in published_for(_result('a'))}
    assert rows['DPMesh'] == {'MPJPE': 70.9, 'PA-MPJPE': 48.0, 'MPVPE': 88.0}
    assert rows['JOTR']['MPJPE'] == 75.7
    assert published_for(_result('a', dataset='3DPW (oc), measured on openbody-1')) == []
    assert published_for(_result('a', joint_set='smpl_24')) == []
    assert published_for(_result('a', root='mean_of_hips')) == []


def test_a_foreign_json_is_named(tmp_path):
    dump_json({'metrics': {}}, tmp_path / 'other.json')
    with pytest.raises(KeyError, match=r"other.json has no 'protocol'.*tools/test.py"):
        read_result(tmp_path / 'other.json')
