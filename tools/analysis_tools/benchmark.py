"""Measure how fast a model is: python tools/analysis_tools/benchmark.py CONFIG [options].

The plain model in the first batch size is measured first; then every type and batch size with the
options that are given, such as --channels-last or --compile. Times are medians per image. The share
says how much of the rate of a large matrix product, measured between the passes, the model's FLOPs
reach. With --train --loader the loader of the config is measured too: it must give samples faster
than the step takes them.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.console import Console
from torch import nn

from dpmesh_plugin.engine import load_weights
from dpmesh_plugin.engine.expected_parts import check_diffusion
from dpmesh_plugin.parity import ParitySet, Report
from dpmesh_plugin.parity.official_model import build_model
from dpmesh_plugin.parity.parity_set import SIZES
from dpmesh_plugin.parity.stages import to_samples
from dpmesh_plugin.profiling import (
    DTYPES,
    BenchmarkOptions,
    LoaderRate,
    Measurement,
    Prediction,
    Training,
    Workload,
    benchmark_table,
    crop_size,
    machine_facts,
    measure_loader,
    random_batch,
    run_benchmark,
    variants_of,
)
from dpmesh_plugin.registry import MODELS, SCOPE
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import load_config, loader_of
from dpmesh_plugin.utils.device import resolve_device
from dpmesh_plugin.utils.io import dump_json

HEATMAP_STRIDE = 8  # px of the crop per cell of the recorded inputs


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--checkpoint', help='weights; random ones by default')
    parser.add_argument(
        '--parity',
        metavar='DIR',
        help='take the published model with the made-up weights and the inputs of a recorded set, '
        "in place of the config's model and noise",
    )
    parser.add_argument('--size', choices=SIZES, default='full', help='model of the recorded set')
    parser.add_argument('--train', action='store_true', help='time training steps, not predictions')
    parser.add_argument(
        '--loader',
        action='store_true',
        help='with --train: measure the train_dataloader of the config on this machine as well',
    )
    parser.add_argument(
        '--latents', action='store_true', help='feed encoded crops, as LatentCacheDataset does'
    )
    parser.add_argument(
        '--half-frozen',
        action='store_true',
        help='train with the frozen weights in --dtype too, as TrainingSpeedHook(frozen_dtype=...)',
    )
    parser.add_argument(
        '--checkpointing',
        action='store_true',
        help='train with model.backbone.gradient_checkpointing=True',
    )
    parser.add_argument('--batch-size', type=int, nargs='+', default=[1], metavar='N')
    parser.add_argument('--dtype', nargs='+', default=['float32'], choices=DTYPES)
    parser.add_argument(
        '--plain-dtype', choices=DTYPES, help='type of the plain model; the first of --dtype'
    )
    parser.add_argument('--channels-last', action='store_true', help='memory order of convolutions')
    parser.add_argument('--merge-lora', action='store_true', help='fold adapters into the weights')
    parser.add_argument(
        '--pack-weights', action='store_true', help='reorder weights for a CPU once'
    )
    parser.add_argument('--compile', action='store_true', help='use torch.compile')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, cuda:N or mps')
    parser.add_argument('--threads', type=int, help='CPU threads')
    parser.add_argument(
        '--cpu-time',
        action='store_true',
        help='count the time of the processor, not of the clock: for a machine that is shared',
    )
    parser.add_argument('--repeats', type=int, default=10, help='passes that are timed')
    parser.add_argument('--warmup', type=int, default=2, help='passes before')
    parser.add_argument('--matmul-size', type=int, default=4096, help='size of the matrix product')
    parser.add_argument('--out', help='json file for the numbers')
    add_config_options(parser, 'body_model.path=None')
    return parser.parse_args()


def make_model(cfg: Config, checkpoint: str | None) -> nn.Module:
    """The model of the config, with the same weights at every call."""
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    if checkpoint:
        load_weights(model, checkpoint)
    return model


def latent_shape(cfg: Config) -> tuple[int, int, int]:
    """(C, h, w) of the latents that the backbone of a config reads."""
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    check_diffusion(model, '--latents')
    backbone = model.backbone
    side = crop_size(cfg.model) // 2 ** (len(backbone.vae.config.block_out_channels) - 1)
    return backbone.latent_channels, side, side


def parity_batch(parity: ParitySet, batch_size: int) -> dict[str, list]:
    """The recorded inputs, again and again."""
    rows = np.arange(batch_size) % len(parity.inputs['img_u8'])
    inputs = {name: values[rows] for name, values in parity.inputs.items()}
    samples = to_samples(inputs, HEATMAP_STRIDE)
    for sample, made_up in zip(samples, random_batch(batch_size)['data_samples'], strict=True):
        sample.set_metainfo({**made_up.metainfo, **sample.metainfo})
    return {'inputs': list(torch.from_numpy(inputs['img_u8'])), 'data_samples': samples}


def batch_makers(args: argparse.Namespace, cfg: Config) -> dict[str, Callable[[int], dict]]:
    """What makes batches of crops and, if asked for, of encoded ones."""
    make_batch = partial(random_batch, input_size=crop_size(cfg.model))
    makers = {'make_batch': make_batch}
    if args.latents:
        makers['make_latents'] = partial(make_batch, latent_shape=latent_shape(cfg))
    return makers


def measure(args: argparse.Namespace, cfg: Config, device: torch.device) -> list[Measurement]:
    """Measure the plain model and the variants that were asked for."""
    build, makers = partial(make_model, cfg, args.checkpoint), batch_makers(args, cfg)
    if args.parity:
        parity = ParitySet(Path(args.parity), args.size)
        build = partial(build_model, parity, Report())
        makers['make_batch'] = partial(parity_batch, parity)

    def make_workload() -> Workload:
        model = build().to(device)
        return Training(model, cfg.optim_wrapper) if args.train else Prediction(model)

    variants = variants_of(
        args.batch_size,
        args.dtype,
        args.plain_dtype,
        latents=args.latents,
        half_frozen=args.half_frozen,
        checkpointing=args.checkpointing,
        channels_last=args.channels_last,
        merge_lora=args.merge_lora,
        pack_weights=args.pack_weights,
        compile=args.compile,
    )
    options = BenchmarkOptions(
        device=device,
        repeats=args.repeats,
        warmup=args.warmup,
        matmul_size=args.matmul_size,
        now=process_time if args.cpu_time else perf_counter,
        **makers,
    )
    return run_benchmark(
        make_workload,
        variants,
        options,
        report=lambda result: print(f'{result.variant}: {result.seconds:.4f} s per image'),
    )


def main() -> None:
    args = parse_args()
    init_default_scope(SCOPE)
    if args.threads:
        torch.set_num_threads(args.threads)
    with bad_input_ends():
        if args.loader and not args.train:
            raise ValueError('--loader belongs to --train')
        device = torch.device(resolve_device(args.device))
        cfg = load_config(args.config, args.cfg_options)
        rate = measure_loader(loader_of(cfg, 'train')) if args.loader else None
        results = measure(args, cfg, device)
        write_results(args, results, machine_facts(device), rate)


def print_loader(rate: LoaderRate, results: list[Measurement]) -> None:
    """Print what the loader gives beside what every variant takes."""
    print(f'loader: {rate.samples_per_second:.2f} samples/s with {rate.workers} workers')
    for result in results:
        verdict = 'is fed' if rate.feeds(result.seconds) else 'STARVES'
        print(
            f'  {1 / result.seconds:.2f} samples/s are taken, the step {verdict}: {result.variant}'
        )


def write_results(
    args: argparse.Namespace,
    results: list[Measurement],
    facts: dict[str, Any],
    rate: LoaderRate | None,
) -> None:
    """Print the table; write the file."""
    model = f'{args.size} model of {args.parity}' if args.parity else args.config
    Console().print(
        benchmark_table(results, f'{"training" if args.train else "prediction"}: {model}')
    )
    print(', '.join(f'{name} {value}' for name, value in facts.items()))
    if rate is not None:
        print_loader(rate, results)
    if args.out:
        content = {'model': model, 'training': args.train, 'machine': facts}
        content['loader'] = None if rate is None else vars(rate)
        dump_json(content | {'results': [each.to_json() for each in results]}, args.out)


if __name__ == '__main__':
    main()
