"""A set of ablations that was killed on its way goes on, with real trainings."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dpmesh_plugin.engine.ablation_plan import RESULT, plan_runs
from dpmesh_plugin.engine.ablation_runs import LOG, reserved, run_one
from dpmesh_plugin.evaluation.comparison import read_result

ROOT = Path(__file__).resolve().parents[2]
TINY = Path(__file__).parent / 'configs' / 'tiny_run.py'


@pytest.fixture
def start(run_server):
    """Starts a tool like ``start_process``, with an environment."""

    def with_environment(**env):
        def run(command, log):
            job = {'program': command[1:], 'env': env, 'log': str(log)}
            run_server.stdin.write(json.dumps([job]) + '\n')
            run_server.stdin.flush()
            return json.loads(run_server.stdout.readline())[0]

        return run

    return with_environment


@pytest.fixture
def make_run(tmp_path, synth_oc, monkeypatch):
    monkeypatch.syspath_prepend(TINY.parents[1])  # custom_imports of the config
    config = tmp_path / 'row.py'
    hooks = "custom_hooks = [dict(type='RecordLosses'), dict(type='KillIfAsked')]"
    config.write_text(f'"""A row."""\n_base_ = {str(TINY)!r}\n{hooks}\n')

    def make(name):
        return plan_runs([config], [3], tmp_path / name, [f'data_root={synth_oc}'])[0]

    return make


def _lines(run):
    text = (run.work_dir / 'losses_0.jsonl').read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_a_row_that_was_killed_goes_on(start, make_run):
    whole, killed = make_run('whole'), make_run('killed')
    assert run_one(whole, ROOT / 'tools', start()) is None
    reason = run_one(killed, ROOT / 'tools', start(KILL_AT='4'))
    assert reason.startswith('training: ')
    assert not killed.finished
    assert run_one(make_run('killed'), ROOT / 'tools', start(KILL_AT='0')) is None
    # the checkpoint after the second of five iterations is where it goes on
    assert [line['iter'] for line in _lines(killed)] == [0, 1, 2, 2, 3, 4]
    assert {line['iter']: line['loss'] for line in _lines(killed)} == {
        line['iter']: line['loss'] for line in _lines(whole)
    }
    results = [read_result(run.work_dir / RESULT).metrics for run in (whole, killed)]
    assert results[0] == results[1]


def test_two_processes_do_not_train_in_one_folder(make_run, tmp_path):
    run = make_run('busy')
    run.work_dir.mkdir(parents=True)
    # The tool is killed; the training that it had started lives on.
    program = (
        'import os, signal, sys\n'
        'from pathlib import Path\n'
        'from dpmesh_plugin.engine.ablation_runs import reserved, start_process\n'
        'with reserved(Path(sys.argv[1])):\n'
        '    training = "import os, signal, time; os.kill(os.getppid(), 9); time.sleep(60)"\n'
        '    start_process([sys.executable, "-c", training], Path(sys.argv[1]) / "log")\n'
    )
    killed = subprocess.run([sys.executable, '-c', program, str(run.work_dir)], check=False)
    assert killed.returncode == -9
    reason = run_one(run, ROOT / 'tools', lambda *_: pytest.fail('started'))
    assert reason.startswith('another process is at work in ')
    assert not (run.work_dir / LOG).exists()
    _end_holder(run.work_dir)
    with reserved(run.work_dir) as ours:
        assert ours


def _end_holder(folder):
    """End the process that holds the folder, found by its open file."""
    for process in Path('/proc').glob('[0-9]*/fd/*'):
        try:
            held = os.readlink(process) == str(folder / 'lock')
        except OSError:
            continue
        if held:
            os.kill(int(process.parts[2]), 9)
            time.sleep(0.2)
            return
    pytest.fail('nobody holds the folder')
