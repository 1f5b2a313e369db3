"""A sampler without end that tells the data set what to draw."""

from collections.abc import Iterator, Sized
from itertools import count

import torch
from mmengine.dataset import InfiniteSampler

from dpmesh_plugin.registry import DATA_SAMPLERS

from .transforms.randomness import draw_number


@DATA_SAMPLERS.register_module()
class InfiniteEpochSampler(InfiniteSampler):
    """mmengine's ``InfiniteSampler`` with the index of :class:`EpochSampler`.

    For loops over iterations: one epoch follows the other without a pause, and a resumed run goes
    on at its sample. Processes take turns in one common order, so that together they see the same
    batches as one process with the whole batch.

    Args:
        dataset: What is sampled.
        shuffle: Whether every epoch has an order of its own.
        seed: Seed of the order and of the draws, the same on all processes. None: from numpy's
            global generator, which the runner seeds.
    """

    def __init__(self, *, dataset: Sized, shuffle: bool = True, seed: int | None = None) -> None:
        super().__init__(dataset, shuffle=shuffle, seed=seed)

    def _infinite_indices(self) -> Iterator[int]:
        for epoch in count():
            offset = draw_number(self.seed, epoch) * self.size
            generator = torch.Generator().manual_seed(self.seed + epoch)
            order = (
                torch.randperm(self.size, generator=generator)
                if self.shuffle
                else torch.arange(self.size)
            )
            yield from (offset + index for index in order.tolist())
