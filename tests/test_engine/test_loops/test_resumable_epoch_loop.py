"""That resumed runs equal uninterrupted ones is in tests/test_runs."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.dataset import DefaultSampler
from torch.utils.data import DataLoader, Dataset

from dpmesh_plugin.datasets import EpochSampler
from dpmesh_plugin.registry import LOOPS


class Numbers(Dataset):
    metainfo = {'dataset_name': 'numbers'}

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return torch.tensor(index % 5)


class Runner:
    """What a loop needs of a runner; keeps what it is told."""

    def __init__(self):
        self.events = []
        self.model = SimpleNamespace(train=lambda: None, train_step=self.train_step)
        self.optim_wrapper = self.val_loop = None
        self.visualizer = SimpleNamespace()

    def train_step(self, data_batch, optim_wrapper):
        self.events.append(data_batch.tolist())

    def call_hook(self, name, batch_idx=None, **_):
        if name in ('before_train_iter', 'after_train_epoch'):
            self.events.append(batch_idx)


@pytest.fixture
def make_loop():
    def make(sampler=EpochSampler):
        data = Numbers()
        loader = DataLoader(
            data, batch_size=2, sampler=sampler(dataset=data, shuffle=False, seed=0)
        )
        config = {'type': 'ResumableEpochLoop', 'max_epochs': 2}
        return LOOPS.build({**config, 'runner': Runner(), 'dataloader': loader})

    return make


def test_an_epoch_starts_behind_what_is_done(make_loop):
    loop = make_loop()
    loop.batches_done = 1
    loop._iter = 1
    loop.run()
    assert loop.runner.events == [1, [2, 3], 2, [4], None, 0, [0, 1], 1, [2, 3], 2, [4], None]
    assert (loop.iter, loop.epoch, loop.batches_done) == (6, 2, 0)


def test_a_finished_epoch_is_only_closed(make_loop):
    loop = make_loop()
    loop.batches_done = 3
    loop.run()
    assert loop.runner.events[0] is None
    assert loop.epoch == 2


def test_a_sampler_that_cannot_start_late_is_refused(make_loop):
    loop = make_loop(DefaultSampler)
    loop.batches_done = 1
    with pytest.raises(TypeError, match='lies 1 batches within an epoch, where DefaultSampler'):
        loop.run()
