"""What the preparation of a sample costs, transform by transform."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# Name of the stage that reads the annotation out of the index.
INDEX = 'annotation'


@dataclass(frozen=True)
class PipelineProfile:
    """Mean cost of a sample.

    Args:
        samples: How many were measured.
        seconds: Of every stage per sample, in the order of the pipeline.
    """

    samples: int
    seconds: dict[str, float]

    @property
    def per_second(self) -> float:
        """Samples a second, on one core if the clock counts processor time of one thread."""
        return 1 / sum(self.seconds.values())

    def share(self, stage: str) -> float:
        """Part of the cost that is due to a stage, 0..1."""
        return self.seconds[stage] * self.per_second


def profile_pipeline(
    dataset: Any,
    *,
    samples: int = 1000,
    warmup: int = 50,
    seed: int = 0,
    clock: Callable[[], float] = time.process_time,
) -> PipelineProfile:
    """Prepare samples in random order and time every transform.

    Args:
        dataset: A data set with ``get_data_info`` and ``pipeline``, or a mixture of such with
            ``locate``.
        samples: How many are measured.
        warmup: How many are prepared before that and not measured.
        seed: Seed of the order.
        clock: Seconds; processor time of this process by default, so that other processes do not
            count.

    Raises:
        ValueError: nothing is to be measured.
    """
    if samples < 1 or warmup < 0:
        raise ValueError(f'expected samples >= 1 and warmup >= 0, got {samples} and {warmup}')
    order = np.random.default_rng(seed).integers(0, len(dataset), warmup + samples)
    totals: dict[str, float] = {}
    for count, index in enumerate(order.tolist()):
        if count == warmup:
            totals.clear()
        part, position = dataset.locate(index) if hasattr(dataset, 'locate') else (dataset, index)
        start = clock()
        results = part.get_data_info(position)
        totals[INDEX] = totals.get(INDEX, 0.0) + clock() - start
        for transform in part.pipeline.transforms:
            name = type(transform).__name__
            start = clock()
            results = transform(results)
            totals[name] = totals.get(name, 0.0) + clock() - start
    return PipelineProfile(samples, {name: total / samples for name, total in totals.items()})
