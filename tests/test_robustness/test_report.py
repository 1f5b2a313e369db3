import json

import pytest

from dpmesh_plugin.robustness import Report


def test_a_second_run_goes_on_where_the_first_stopped(tmp_path):
    path, settings = tmp_path / 'stress.json', {'samples': 4, 'seed': 0}
    first = Report(path, settings)
    first.put({'area': 1}, 'sweeps', 'drop')
    second = Report(path, settings)
    assert ('sweeps', 'drop') in second
    assert ('sweeps', 'jitter') not in second
    second.put({'area': 2}, 'sweeps', 'jitter')
    content = json.loads(path.read_text())
    assert content['sweeps'] == {'drop': {'area': 1}, 'jitter': {'area': 2}}
    assert content['settings'] == settings
    assert [file.name for file in tmp_path.iterdir()] == ['stress.json']


def test_results_of_another_test_are_not_mixed(tmp_path):
    path = tmp_path / 'stress.json'
    Report(path, {'samples': 4, 'seed': 0}).put(1, 'sweeps', 'drop')
    with pytest.raises(ValueError, match='holds another test .samples: 4 there, 5 here.; give'):
        Report(path, {'samples': 5, 'seed': 0})
    fresh = Report(path, {'samples': 5, 'seed': 0}, overwrite=True)
    assert ('sweeps', 'drop') not in fresh
    path.write_text('{"metrics": {}}')
    with pytest.raises(ValueError, match=r'stress\.json is no result of a stress test'):
        Report(path, {})
