"""Parts of the runs under test: what is recorded of them, and how they fail."""

import json
import os
import resource
import signal
from pathlib import Path

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.dist import get_rank
from mmengine.fileio import LocalBackend
from mmengine.hooks import Hook

from dpmesh_plugin.registry import HOOKS, TRANSFORMS


@HOOKS.register_module()
class RecordLosses(Hook):
    """Writes a line per iteration and process: its losses, a random number, the lr."""

    priority = 'VERY_HIGH'

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        line = {name: float(value) for name, value in outputs.items()}
        line |= {'iter': runner.iter, 'batch_idx': batch_idx, 'random': float(torch.rand(()))}
        line['samples'] = [sample.sample_idx for sample in data_batch['data_samples']]
        with open(Path(runner.work_dir) / f'losses_{get_rank()}.jsonl', 'a') as file:
            file.write(json.dumps(line) + '\n')


@HOOKS.register_module()
class KillAt(Hook):
    """Kills this process after a step of the optimizer, before anything is made of it."""

    priority = 'HIGHEST'

    def __init__(self, *, iteration, rank=0):
        self.iteration, self.rank = iteration, rank

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == self.iteration and get_rank() == self.rank:
            _kill()


@HOOKS.register_module()
class KillIfAsked(Hook):
    """Kills this process before the step of the iteration that the environment names."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter + 1 == int(os.environ.get('KILL_AT', 0)):
            _kill()


@HOOKS.register_module()
class KillInValidation(Hook):
    """Kills this process in its first validation."""

    def before_val_iter(self, runner, batch_idx, data_batch=None):
        _kill()


@HOOKS.register_module()
class KillInWrite(Hook):
    """Kills this process at a step of the writing of the checkpoint of an iteration."""

    priority = 'HIGHEST'

    def __init__(self, *, iteration, step):
        self.iteration, self.step = iteration, step

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == self.iteration:
            STEPS[self.step]()


def _kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def _half_written():
    def put(self, content, path):
        Path(path).write_bytes(content[: len(content) // 2])
        _kill()

    LocalBackend.put = put


def _not_flushed():
    os.fsync = _kill


def _not_renamed():
    os.replace = _kill


def _renamed():
    replace = os.replace

    def replace_once(*paths):
        replace(*paths)
        _kill()

    os.replace = replace_once


def _pointed_to():
    Path.unlink = _kill


STEPS = {
    'half written': _half_written,
    'not flushed': _not_flushed,
    'not renamed': _not_renamed,
    'renamed': _renamed,
    'pointed to': _pointed_to,
}


@HOOKS.register_module()
class FullDisk(Hook):
    """Lets no file grow beyond a size, in bytes, from one iteration to another."""

    priority = 'HIGHEST'

    def __init__(self, *, size, first, last):
        self.sizes = {first: size, last + 1: resource.RLIM_INFINITY}

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        size = self.sizes.get(runner.iter + 1)
        if size is not None:
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


@TRANSFORMS.register_module()
class Poison(BaseTransform):
    """Makes a target of one sample infinite."""

    def __init__(self, *, sample_idx):
        self.sample_idx = sample_idx

    def transform(self, results):
        if results['sample_idx'] == self.sample_idx:
            results['smpl'] = results['smpl'] | {'betas': np.full(10, np.inf, np.float32)}
        return results
