"""Seconds, memory and share of the machine, part by part, of several ways to run a model."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from statistics import median
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from .flops import flop_counter
from .machine import MatrixProduct, peak_memory, reset_peak_memory
from .samples import random_batch
from .variant import Variant
from .watch import PartWatch, clock
from .workload import Workload

MILLIMETRES = 1000


@dataclass(frozen=True)
class BenchmarkOptions:
    """How often and on what is measured.

    Args:
        device: Where the model runs.
        repeats: Passes that are measured.
        warmup: Passes before.
        matmul_size: Size of the matrix product that the machine is measured with.
        make_batch: Makes a batch of a given size, as a data loader gives it.
        make_latents: The same of encoded crops, for variants that read such.
        now: Clock on a CPU, s: ``time.process_time`` where other programs share the machine.
    """

    device: torch.device
    repeats: int = 10
    warmup: int = 2
    matmul_size: int = 4096
    make_batch: Callable[[int], dict[str, Any]] = random_batch
    make_latents: Callable[[int], dict[str, Any]] | None = None
    now: Callable[[], float] = perf_counter


@dataclass(frozen=True)
class Measurement:
    """What one variant costs; medians over the passes.

    Args:
        variant: What was measured.
        seconds: Per image.
        parts: Seconds per image of every part; ``'rest'`` is what belongs to none.
        flops: Per image, of the model as its config describes it. The same for all variants, so
            that shares compare like speeds.
        matmul_rate: FLOPs per second of a matrix product of the same type, measured between the
            passes.
        share: ``flops / seconds / matmul_rate``, the median of the passes.
        peak_bytes: See :func:`~.machine.peak_memory`; after the model was prepared.
        speed: Seconds of the first variant over those of this one.
        deviation: Largest distance of a vertex from that of the first variant, mm; None where
            nothing is predicted. It tells something about precision for trained weights only.
        memory: ``peak_bytes`` over those of the first variant.
    """

    variant: Variant
    seconds: float
    parts: dict[str, float]
    flops: int
    matmul_rate: float
    share: float
    peak_bytes: int
    speed: float = 1.0
    deviation: float | None = None
    memory: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """As plain numbers and texts."""
        return {**asdict(self), 'name': str(self.variant)}


def run_benchmark(
    make_workload: Callable[[], Workload],
    variants: Sequence[Variant],
    options: BenchmarkOptions,
    report: Callable[[Measurement], None] = lambda _: None,
) -> list[Measurement]:
    """Measure variants one after the other.

    Args:
        make_workload: Makes the plain model, with the same weights every time.
        variants: The first is what the others are compared with.
        options: How to measure.
        report: Called with every measurement as soon as it is there.
    """
    results, flops, reference = [], None, None
    for preparation, group in groupby(variants, key=lambda variant: variant.preparation):
        workload = make_workload()
        flops = flops or count_flops(workload, options)
        workload.prepare(preparation)
        for variant in group:
            result, vertices = measure(workload, variant, flops, options)
            reference = vertices if reference is None else reference
            first = results[0] if results else result
            result = replace(
                result,
                speed=first.seconds / result.seconds,
                memory=result.peak_bytes / first.peak_bytes,
                deviation=_deviation(vertices, reference),
            )
            results.append(result)
            report(result)
        del workload
        gc.collect()
    return results


def count_flops(workload: Workload, options: BenchmarkOptions) -> int:
    """FLOPs of one pass over one image, with the backward pass where there is one."""
    with flop_counter() as counter:
        workload.run(options.make_batch(1))
    return counter.get_total_flops()


def measure(
    workload: Workload, variant: Variant, flops: int, options: BenchmarkOptions
) -> tuple[Measurement, Tensor | None]:
    """Measure a prepared model, compared with nothing yet.

    Args:
        workload: The model.
        variant: How it was prepared, and the batch size.
        flops: FLOPs per image.
        options: How to measure.

    Returns:
        The measurement, and the vertices if the model predicts any.
    """
    make_batch = options.make_latents if variant.latents else options.make_batch
    data = make_batch(variant.batch_size)
    watch = PartWatch(clock(options.device, options.now))
    with watch.calls(workload.calls()):
        for _ in range(options.warmup):
            workload.run(data)
        reset_peak_memory(options.device)
        vertices = workload.run(data)
        peak_bytes = peak_memory(options.device)
        product = MatrixProduct(
            options.matmul_size, variant.torch_dtype, options.device, options.now
        )
        rates, passes = [], []
        for _ in range(options.repeats):
            rates.append(product.rate())
            with watch.running():
                workload.run(data)
            passes.append(watch.amounts())
    totals = [sum(amounts.values()) / variant.batch_size for amounts in passes]
    parts = {
        name: median(amounts.get(name, 0.0) for amounts in passes) / variant.batch_size
        for name in dict.fromkeys(name for amounts in passes for name in amounts)
    }
    measurement = Measurement(
        variant=variant,
        seconds=median(totals),
        parts=parts,
        flops=flops,
        matmul_rate=median(rates),
        share=median(flops / time / rate for time, rate in zip(totals, rates, strict=True)),
        peak_bytes=peak_bytes,
    )
    return measurement, vertices


def _deviation(vertices: Tensor | None, reference: Tensor | None) -> float | None:
    """Largest distance, mm, over the images that both have."""
    if vertices is None or reference is None:
        return None
    pairs = zip(vertices.cpu(), reference.cpu(), strict=False)
    return max((one - other).norm(dim=-1).max().item() for one, other in pairs) * MILLIMETRES
