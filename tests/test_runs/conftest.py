import json
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from dpmesh_plugin.synthesis import DatasetRequest, write_dataset

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope='session')
def synth_oc(tmp_path_factory):
    folder = tmp_path_factory.mktemp('synth_oc')
    write_dataset(folder, DatasetRequest(train=7, val=2, test=2, image_size=64, supersample=1))
    return folder


@dataclass(frozen=True)
class Run:
    """A finished run: how it ended and what it left."""

    work_dir: Path
    codes: list[int]

    @property
    def log(self):
        return (self.work_dir / 'log.txt').read_text()

    @property
    def end(self):
        return self.log[-2000:]

    def lines(self, rank=0):
        """What ``RecordLosses`` wrote; of an iteration that was run again the last line."""
        text = (self.work_dir / f'losses_{rank}.jsonl').read_text()
        lines = [json.loads(line) for line in text.splitlines()]
        return list({line['iter']: line for line in lines}.values())

    @property
    def checkpoints(self):
        return sorted(path.name for path in self.work_dir.glob('*.pth'))

    def checkpoint(self, name=None):
        path = name or (self.work_dir / 'last_checkpoint').read_text()
        return torch.load(self.work_dir / path, weights_only=False)


@pytest.fixture(scope='session')
def tiny_run():
    """The config of the runs."""
    return Config.fromfile(HERE / 'configs/tiny_run.py', import_custom_modules=False)


@pytest.fixture(scope='session')
def launch(run_server, synth_oc, tmp_path_factory):
    """Run a tool on the tiny config with entries and options, on some processes, and wait."""

    def run(*options, entries=None, processes=1, tool='train.py', flags=(), work_dir=None):
        work_dir = work_dir or tmp_path_factory.mktemp('run')
        config = work_dir / 'run_config.py'
        lines = [f'{name} = {value!r}' for name, value in (entries or {}).items()]
        config.write_text('\n'.join([f'_base_ = {str(HERE / "configs/tiny_run.py")!r}', *lines]))
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = str(free.getsockname()[1])
        program = [str(ROOT / 'tools' / tool), str(config), *flags]
        program += ['--launcher', 'pytorch'] if processes > 1 else []
        program += ['--work-dir', str(work_dir), '--cfg-options', f'data_root={synth_oc}', *options]
        jobs = []
        for rank in range(processes):
            ranks = {'RANK': rank, 'LOCAL_RANK': rank, 'WORLD_SIZE': processes}
            environment = {'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': port}
            environment |= {key: str(value) for key, value in ranks.items()}
            jobs.append({'program': program, 'env': environment, 'log': str(work_dir / 'log.txt')})
        run_server.stdin.write(json.dumps(jobs) + '\n')
        run_server.stdin.flush()
        return Run(work_dir, json.loads(run_server.stdout.readline()))

    return run
