"""Starts programs as forks of one process that has imported everything, many times faster.

Reads a JSON line with a list of jobs: ``program`` with its arguments, ``env``, ``log``, and ``cwd``
where it is not this process's. Runs them at the same time and answers with their exit codes,
negative for signals, once all have ended.
"""

import functools
import json
import os
import runpy
import signal
import sys
import time
import traceback

import matplotlib.pyplot  # noqa: F401 - the visualizer of every runner draws with it
import mmengine.runner.runner
import torch
from mmengine.config import Config

import dpmesh_plugin.datasets
import dpmesh_plugin.engine
import dpmesh_plugin.evaluation
import dpmesh_plugin.models
import dpmesh_plugin.visualization  # noqa: F401
from dpmesh_plugin.body_models import body_file
from dpmesh_plugin.body_models.smpl_layer import SMPLLayer

TIMEOUT = 180  # s

# What takes most of the time of a short run, and does not matter here: pretty copies of the config
# in logs and checkpoints, a look for compilers, and reading the body model.
Config.pretty_text = property(lambda config: '')
mmengine.runner.runner.collect_env = dict
body_file._read_gender = functools.cache(body_file._read_gender)
LAYERS = {
    id(body): SMPLLayer.from_file(body)
    for body in body_file.read_bodies(None, body_file.GENDERS).values()
}
read_layer = SMPLLayer.from_file
SMPLLayer.from_file = lambda body: LAYERS.get(id(body)) or read_layer(body)


def start(job: dict) -> int:
    """Fork, and run the program in the child."""
    pid = os.fork()
    if pid:
        return pid
    log = os.open(job['log'], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(job['env'])
    os.chdir(job.get('cwd', '.'))
    sys.argv = job['program']
    code = 0
    try:
        runpy.run_path(sys.argv[0], run_name='__main__')
        if torch.distributed.is_initialized():
            raise RuntimeError('the program has not left its process group')
    except SystemExit as leave:
        code = leave.code or 0
        if isinstance(code, str):  # a message
            sys.stderr.write(f'{code}\n')
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def wait(pids: list[int]) -> list[int]:
    """Exit codes, with those that take too long killed."""
    deadline, codes = time.monotonic() + TIMEOUT, {}
    while len(codes) < len(pids):
        for pid in set(pids) - set(codes):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                codes[pid] = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    return [codes[pid] for pid in pids]


if __name__ == '__main__':
    for line in sys.stdin:
        children = [start(job) for job in json.loads(line)]
        sys.stdout.write(json.dumps(wait(children)) + '\n')
        sys.stdout.flush()
