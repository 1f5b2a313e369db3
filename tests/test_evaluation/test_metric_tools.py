import os
import runpy
import sys

import pytest
import torch

from dpmesh_plugin.evaluation import MeshMetric
from dpmesh_plugin.utils.io import dump_json, load_json


@pytest.fixture
def run_tool(repo_root, monkeypatch, capsys):
    """Run a tool; its output, and its exit code if it is not 0."""

    def run(name, *arguments):
        script = repo_root / 'tools' / 'analysis_tools' / f'{name}.py'
        monkeypatch.setattr(sys, 'argv', [str(script), *map(str, arguments)])
        code = 0
        try:
            runpy.run_path(str(script), run_name='__main__')
        except SystemExit as exit:
            code = exit.code
        return ''.join(capsys.readouterr()), code

    monkeypatch.setenv('COLUMNS', '160')
    return run


@pytest.fixture
def result_file(samples, body, tmp_path):
    path = tmp_path / 'mine.json'
    metric = MeshMetric(body_model=body, out_file=str(path))
    metric.process(None, samples)
    metric.evaluate(len(samples))
    return path


def _changed(path, name, **facts):
    content = load_json(path)
    content['protocol'] |= facts
    dump_json(content, path.with_name(f'{name}.json'))
    return path.with_name(f'{name}.json')


def test_results_of_one_protocol_share_a_table(run_tool, result_file):
    other = _changed(result_file, 'other', checkpoint='b.pth')
    text, code = run_tool('compare_results', result_file, other, '--per-joint')
    assert code == 0
    assert text.count('root pelvis') == 1
    assert 'left_wrist' in text
    assert 'occluded_by_object' in text
    assert '0.7-1' in text


def test_different_protocols_are_refused_and_named(run_tool, result_file):
    other = _changed(result_file, 'other', keypoint_source='higherhrnet')
    text, code = run_tool('compare_results', result_file, other)
    assert code == 1
    assert text.count('root pelvis') == 2
    assert "mine and other differ in\n  keypoint_source: None and 'higherhrnet'" in text


def test_published_numbers_can_be_left_out(run_tool, result_file):
    smpl = _changed(result_file, 'smpl', dataset='3DPW (oc)')
    assert 'JOTR (p)' in run_tool('compare_results', smpl)[0]
    assert 'JOTR' not in run_tool('compare_results', smpl, '--no-published')[0]


def test_files_of_one_name_are_told_apart(run_tool, result_file, tmp_path):
    (tmp_path / 'b').mkdir()
    second = tmp_path / 'b' / 'mine.json'
    second.write_bytes(result_file.read_bytes())
    text, _ = run_tool('compare_results', result_file, second, '--no-splits')
    assert str(second)[-12:] in text


@pytest.mark.parametrize(
    ('content', 'message'),
    [('[]', "has no 'metrics'"), ('{', 'is not valid JSON'), (None, 'found none at')],
)
def test_a_file_that_is_no_result_is_named(run_tool, tmp_path, content, message):
    path = tmp_path / 'other.json'
    if content is not None:
        path.write_text(content)
    text, code = run_tool('compare_results', path)
    assert code == 2
    assert message in text
    assert 'other.json' in text


def test_the_benchmark_agrees_with_the_published_loop(run_tool, monkeypatch):
    for variable in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
        monkeypatch.setenv(variable, os.environ.get(variable, '1'))
    threads = torch.get_num_threads()
    text, code = run_tool('benchmark_metrics', '--samples', 24, '--reference', 6)
    torch.set_num_threads(threads)
    assert code == 0
    assert 'times as fast as the loop' in text
    assert 'largest difference of a value' in text
