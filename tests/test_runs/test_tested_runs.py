"""The test tool with metrics of all kinds."""

import json

BODY = {'type': 'SMPL', 'genders': ('neutral', 'male', 'female')}
BONES = {'type': 'BoneLengthError', 'body_model': BODY}  # takes no out_file


def test_the_result_is_that_of_the_mesh_metric_wherever_it_stands(launch):
    mesh = {'type': 'dpmesh_plugin.MeshMetric', 'body_model': BODY}
    run = launch(tool='test.py', flags=['none'], entries={'test_evaluator': [BONES, mesh]})
    assert run.codes == [0], run.end
    assert 'MPJPE' in json.loads((run.work_dir / 'metrics.json').read_text())['metrics']
    printed = run.log[run.log.index('run_config.py with none') :]
    assert 'PA-MPJPE' in printed
    assert 'BoneLengthError' in printed


def test_without_a_mesh_metric_the_values_are_printed(launch):
    run = launch(tool='test.py', flags=['none'], entries={'test_evaluator': [BONES]})
    assert run.codes == [0], run.end
    assert 'BoneLengthError' in run.log[run.log.index('run_config.py with none') :]
    flags = ['none', '--out', 'metrics.json']
    run = launch(tool='test.py', flags=flags, entries={'test_evaluator': [BONES]})
    assert run.codes == [1]
    assert 'result file of a MeshMetric or JointMetric, got BoneLengthError in' in run.end
    run = launch(tool='test.py', flags=['none'], entries={'test_evaluator': None})
    assert 'run_config.py has no test_evaluator: there is nothing to measure' in run.end
