"""Everything mmengine does not resume."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner, set_random_seed
from torch import Tensor

from dpmesh_plugin.registry import HOOKS

_POSITION = 'position'


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Let a resumed run go on as the uninterrupted one would have.

    mmengine keeps weights, optimizer, schedules, loss scale and averaged weights. The rest:

    - Before every iteration the generators of ``torch``, ``numpy`` and ``random`` are seeded by
      the seed of this process and the iteration, so that there is no state to lose: dropout and
      dropped keypoints are a pure function of both. (What the data pipeline draws is one of seed,
      epoch and sample, see ``EpochSampler``.)
    - The position within the epoch and the seed of the sampler travel in the checkpoint.
    - The state of the optimizer is laid out in memory as the weights are, which may be in another
      order than before: fused optimizers go through both side by side.
    - A run that is resumed where a validation was due begins with it: it may have been killed
      before the end of that validation, and a better checkpoint would be missed.

    Raises:
        ValueError: the checkpoint lies within an epoch, and an epoch now has other batches.
    """

    priority = 'LOWEST'  # the validation needs what other hooks prepare before training

    def __init__(self) -> None:
        self._resumed = False

    def before_train(self, runner: Runner) -> None:
        """Match optimizer and weights; make up for a validation that may have been lost."""
        if not self._resumed:
            return
        if isinstance(runner.optim_wrapper.optimizer, torch.optim.Optimizer):
            _match_memory_order(runner.optim_wrapper.optimizer)
        if runner._val_loop is not None and _validation_is_due(runner.train_loop):
            runner.val_loop.run()

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Mapping[str, Any]
    ) -> None:
        """Seed the generators of this process."""
        key = np.random.SeedSequence((runner.seed, runner.iter))
        set_random_seed(int(key.generate_state(1)[0]))

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Add the position in the data."""
        meta, loop = checkpoint['meta'], runner.train_loop
        batches_done = getattr(loop, 'batches_done', None)
        if batches_done is not None:
            batches_done += meta['iter'] - runner.iter  # 1 before the loop counts an iteration
        meta[_POSITION] = {
            'batches_done': batches_done,
            'sampler_seed': getattr(loop.dataloader.sampler, 'seed', None),
            **_batches(loop),
        }

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Take the position in the data up again."""
        if not runner._resume:
            return
        self._resumed = True
        position = checkpoint['meta'].get(_POSITION)
        if position is None:
            return
        loop = runner.train_loop
        _check_batches(loop, position)
        if position['batches_done'] is not None:
            loop.batches_done = position['batches_done']
        if position['sampler_seed'] is not None:
            loop.dataloader.sampler.seed = position['sampler_seed']


def _match_memory_order(optimizer: torch.optim.Optimizer) -> None:
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if (
                isinstance(value, Tensor)
                and value.shape == parameter.shape
                and value.stride() != parameter.stride()
            ):
                own = torch.empty_like(parameter, dtype=value.dtype, requires_grad=False)
                state[name] = own.copy_(value)


def _batches(loop: BaseLoop) -> dict[str, int | None]:
    """Samples of an iteration on all processes; where epochs count, iterations of an epoch."""
    size, by_epoch = loop.dataloader.batch_size, isinstance(loop, EpochBasedTrainLoop)
    return {
        'total_batch_size': None if size is None else size * get_world_size(),
        'epoch_length': len(loop.dataloader) if by_epoch else None,
    }


def _check_batches(loop: BaseLoop, position: Mapping[str, Any]) -> None:
    now = _batches(loop)
    before = {name: position[name] for name in now}
    if now == before:
        return
    described = (
        f'batches of {now["total_batch_size"]} samples, {now["epoch_length"]} an epoch; the '
        f'checkpoint comes from {before["total_batch_size"]} samples, {before["epoch_length"]}'
    )
    if position['batches_done']:
        raise ValueError(
            f'this run has {described}, and lies {position["batches_done"]} batches within an '
            'epoch. Resume with the same processes x batch size and data, or from a checkpoint of '
            'the end of an epoch'
        )
    print_log(f'not an exact resume: {described}', 'current', level=logging.WARNING)


def _validation_is_due(loop: BaseLoop) -> bool:
    if isinstance(loop, EpochBasedTrainLoop):
        done, last = loop.epoch, loop.max_epochs
        if getattr(loop, 'batches_done', 0):
            return False
    else:
        done, last = loop.iter, loop.max_iters
    return done >= loop.val_begin and (done % loop.val_interval == 0 or done == last)
