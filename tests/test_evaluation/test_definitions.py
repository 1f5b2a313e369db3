import pytest

from dpmesh_plugin.evaluation.definitions import (
    DEFAULT_METRICS,
    DEFINITIONS,
    chosen_metrics,
    define,
)


def test_a_choice_stands_for_its_thresholds():
    assert chosen_metrics(['2DPCK', 'MPJPE']) == ('MPJPE', '2DPCK@0.05', '2DPCK@0.1')
    assert chosen_metrics(DEFAULT_METRICS) == DEFAULT_METRICS


@pytest.mark.parametrize('names', [[], ['mpjpe']])
def test_unknown_and_no_metrics_list_the_known(names):
    with pytest.raises(KeyError, match='known: MPJPE, PA-MPJPE, MPVPE'):
        chosen_metrics(names)


def test_facts_of_every_value():
    facts = define(['MPJPE', 'MPVPE', '3DPCK'], ['h36m_14', 'smpl_24'], 'pelvis')
    assert list(facts) == ['MPJPE', 'MPVPE', '3DPCK', 'smpl_24/MPJPE', 'smpl_24/3DPCK']
    assert facts['smpl_24/MPJPE'] == {
        'unit': 'mm',
        'averaged over': 'joints, then samples',
        'joint_set': 'smpl_24',
        'root': 'pelvis',
        'alignment': 'root',
    }
    assert facts['3DPCK']['threshold'] == 'below 150 mm'
    assert 'root' not in facts['MPVPE']


def test_every_metric_is_documented_with_its_source(repo_root):
    text = (repo_root / 'docs' / 'metrics.md').read_text()
    for name, definition in DEFINITIONS.items():
        assert f'`{name}`' in text, name
        assert definition.source.split(',')[0] in text, definition.source
