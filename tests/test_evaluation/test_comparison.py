import pytest

from dpmesh_plugin.evaluation.comparison import (
    Result,
    differing_facts,
    group_by_protocol,
    published_for,
    read_result,
)
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
    assert differing_facts(groups) == [fact]


def test_published_numbers_never_stand_beside_another_body():
    assert [row.metrics['MPJPE'] for row in published_for(_result('a'))] == [70.9]
    assert published_for(_result('a', dataset='3DPW (oc), measured on openbody-1')) == []


def test_a_foreign_json_is_named(tmp_path):
    dump_json({'metrics': {}}, tmp_path / 'other.json')
    with pytest.raises(KeyError, match=r"other.json has no 'protocol'.*tools/test.py"):
        read_result(tmp_path / 'other.json')
