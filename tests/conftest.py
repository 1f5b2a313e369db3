import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / 'tests' / 'test_runs'


@pytest.fixture(autouse=True)
def _default_scope():
    """The scope is process-wide, so a test must not inherit it from another."""
    init_default_scope('dpmesh_plugin')


@pytest.fixture(scope='session')
def repo_root() -> Path:
    return ROOT


@pytest.fixture(scope='session')
def shared_dir() -> Path:
    """Reference values and photographs that lie beside the repository where they are at hand."""
    folder = ROOT.parent / 'shared'
    if not (folder / 'parity').is_dir():
        pytest.skip('the reference set is not beside this checkout')
    return folder


@pytest.fixture
def log_messages() -> Iterator[list[str]]:
    """What goes to mmengine's logger during a test."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield messages
    logger.removeHandler(handler)


@pytest.fixture(scope='session')
def run_server():
    """A process from which runs are forked."""
    environment = os.environ | {
        'PYTHONPATH': os.pathsep.join([str(ROOT), str(RUNS)]),
        'OMP_NUM_THREADS': '1',
        'CUDA_VISIBLE_DEVICES': '-1',
    }
    server = subprocess.Popen(
        [sys.executable, str(RUNS / 'run_server.py')],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    yield server
    server.stdin.close()
    server.wait()


@pytest.fixture(scope='session')
def run_tool(run_server, tmp_path_factory):
    """Run a Python program with arguments in a folder; returns its exit code and what it said."""

    def run(program, cwd=ROOT, env=None):
        log = tmp_path_factory.mktemp('tool') / 'log.txt'
        job = {'program': program, 'env': env or {}, 'log': str(log), 'cwd': str(cwd)}
        run_server.stdin.write(json.dumps([job]) + '\n')
        run_server.stdin.flush()
        [code] = json.loads(run_server.stdout.readline())
        return code, log.read_text(errors='replace')

    return run
