"""Measure how fast samples are prepared: benchmark_pipeline.py CONFIG [options].

Prints samples a second on one core and the share of every transform, in processor time, so that
other processes do not count. Of samples that training keeps, prepared or encoded, it is the
preparation. With --index: how long it takes to read the annotations of so many people (those of the
config, repeated), and whether worker processes share them.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import cv2
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.table import Table

from dpmesh_plugin.datasets.nesting import innermost
from dpmesh_plugin.profiling import (
    IndexProfile,
    PipelineProfile,
    profile_index,
    profile_pipeline,
    repeat_annotations,
)
from dpmesh_plugin.registry import DATASETS, SCOPE
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import SPLITS, load_config, loader_of
from dpmesh_plugin.utils.io import dump_json

MEBI = 2**20


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('--split', choices=SPLITS, default='train')
    parser.add_argument('--samples', type=int, default=1000, help='samples that are timed')
    parser.add_argument('--warmup', type=int, default=50, help='samples before')
    parser.add_argument('--seed', type=int, default=0, help='seed of order and augmentation')
    parser.add_argument(
        '--index',
        type=int,
        nargs='?',
        const=35_000,
        metavar='PEOPLE',
        help='measure the index of the annotations instead (default 35000 people)',
    )
    parser.add_argument('--out', help='json file for the numbers')
    add_config_options(parser, 'data_root=data/mine')
    return parser.parse_args()


def index_of(dataset: Config, people: int) -> IndexProfile:
    """Cost of the index of a data set, its annotations repeated to a number of people."""
    built = DATASETS.build({**dataset, 'pipeline': [], 'lazy_init': True})
    with tempfile.TemporaryDirectory() as folder:
        path = repeat_annotations(Path(built.ann_file), people, Path(folder))
        large = {**dataset, 'pipeline': [], 'ann_file': str(path)}
        return profile_index(partial(DATASETS.build, large))


def print_pipeline(profile: PipelineProfile, title: str) -> None:
    table = Table(title=title)
    table.add_column('stage')
    table.add_column('ms', justify='right')
    table.add_column('share', justify='right')
    for stage, seconds in profile.seconds.items():
        table.add_row(stage, f'{seconds * 1000:.3f}', f'{profile.share(stage):.1%}')
    Console().print(table)
    print(f'{profile.per_second:.0f} samples/s on one core ({profile.samples} samples)')


def print_index(profile: IndexProfile, title: str) -> None:
    shared = 'not known on this system'
    if profile.worker_bytes is not None:
        shared = f'{profile.worker_bytes / MEBI:.1f} MiB of its own after reading all'
    print(f'{title}: index of {profile.people} people')
    print(f'  read in {profile.seconds:.2f} s of processor time')
    print(f'  {profile.index_bytes / MEBI:.1f} MiB; a worker process has {shared}')


def profile(args: argparse.Namespace) -> None:
    """Measure, print, and write the numbers."""
    cfg = load_config(args.config, args.cfg_options)
    dataset = loader_of(cfg, args.split).dataset
    parts = list(innermost(dataset))
    if args.index:
        results = [index_of(part, args.index) for part in parts]
        for part, result in zip(parts, results, strict=True):
            print_index(result, part.type)
    else:
        timed = DATASETS.build(parts[0] if len(parts) == 1 else dataset)  # a mixture has its shares
        result = profile_pipeline(timed, samples=args.samples, warmup=args.warmup, seed=args.seed)
        print_pipeline(result, f'{args.split} pipeline of {args.config}')
        results = [result]
    if args.out:
        dump_json([vars(result) for result in results], args.out)


def main() -> None:
    args = parse_args()
    init_default_scope(SCOPE)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    with bad_input_ends():
        profile(args)


if __name__ == '__main__':
    main()
