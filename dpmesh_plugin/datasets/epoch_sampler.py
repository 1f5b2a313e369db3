"""A sampler that tells the data set what to draw, and can start within an epoch."""

from collections.abc import Iterator, Sized
from itertools import islice

from mmengine.dataset import DefaultSampler

from dpmesh_plugin.registry import DATA_SAMPLERS

from .transforms.randomness import draw_number


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """mmengine's ``DefaultSampler`` with seed and epoch in the index; for loops over epochs.

    Yields ``draw * len(dataset) + i`` with the number ``draw`` of :func:`draw_number`. From it
    the data sets of this package seed every sample, so that what a transform draws depends on
    seed, epoch and sample: not on the process or worker that runs it, nor on whether the run was
    resumed, nor on whether the worker was started before this epoch.

    The order is a pure function of seed and epoch.

    Args:
        dataset: What is sampled.
        shuffle: Whether every epoch has an order of its own.
        seed: Seed of the order and of the draws, the same on all processes. None: from numpy's
            global generator, which the runner seeds.
        round_up: Whether processes get equally many samples, some of them twice.
    """

    def __init__(
        self,
        *,
        dataset: Sized,
        shuffle: bool = True,
        seed: int | None = None,
        round_up: bool = True,
    ) -> None:
        super().__init__(dataset, shuffle=shuffle, seed=seed, round_up=round_up)
        self._start = 0

    def start_at(self, position: int) -> None:
        """Let the next epoch, and no other, begin at a sample of this process."""
        self._start = position

    def __iter__(self) -> Iterator[int]:
        offset = draw_number(self.seed, self.epoch) * len(self.dataset)
        start, self._start = self._start, 0
        return (offset + index for index in islice(super().__iter__(), start, None))
