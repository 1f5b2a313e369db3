"""How many samples a second a loader gives, and whether that feeds the training."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from mmengine.runner import Runner


@dataclass(frozen=True)
class LoaderRate:
    """What a loader gives on this machine, while nothing else runs.

    Args:
        samples_per_second: By the clock, with its workers.
        workers: Worker processes; 0 where the training process prepares the samples itself.
        batches: How many batches were timed.
    """

    samples_per_second: float
    workers: int
    batches: int

    def feeds(self, seconds: float) -> bool:
        """Whether samples are there before a step that takes so many seconds per image needs them.

        Without workers loading and step take turns, and the step always waits.
        """
        return self.workers > 0 and self.samples_per_second * seconds >= 1


def measure_loader(
    config: Mapping[str, Any], *, batches: int = 20, warmup: int = 2, seed: int = 0
) -> LoaderRate:
    """Take batches from a loader as fast as it gives them.

    Args:
        config: Config of the loader, with a sampler that is not exhausted before.
        batches: How many are timed; fewer where there are no more.
        warmup: How many are taken before: workers start with the first.
        seed: Seed of the sampler.

    Raises:
        ValueError: the loader has not more batches than ``warmup``.
    """
    loader = Runner.build_dataloader(dict(config), seed=seed)
    iterator = iter(loader)
    count = samples = 0
    start = perf_counter()
    for number, batch in zip(range(warmup + batches), iterator, strict=False):
        if number < warmup:
            start = perf_counter()
        else:
            count += 1
            samples += len(batch['data_samples'])
    if not count:
        raise ValueError(
            f'expected more than {warmup} batches to measure a loader, its data set gives '
            f'{len(loader)} of {config["batch_size"]} samples: take a larger one'
        )
    rate = samples / (perf_counter() - start)
    del iterator
    return LoaderRate(rate, loader.num_workers, count)
