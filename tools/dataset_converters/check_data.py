"""Examine the data of a config: python tools/dataset_converters/check_data.py CONFIG.

Says what is there, what is wrong and what to do about it. Exit code 0: all is well, 1: it is not.
"""

import argparse
import os
import sys

from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.datasets.doctor import Diagnosis, examine
from dpmesh_plugin.datasets.nesting import innermost
from dpmesh_plugin.registry import BODY_MODELS, DATASETS
from dpmesh_plugin.utils.cli import add_runner_options, config_from_args

SPLITS = ('train', 'val', 'test')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config file')
    parser.add_argument('--split', choices=SPLITS, nargs='+', default=SPLITS)
    parser.add_argument(
        '--sample',
        type=int,
        default=2000,
        help='people per data set whose image and body are looked at; 0 for all (default 2000)',
    )
    parser.add_argument('--workers', type=int, default=os.cpu_count(), help='reading threads')
    parser.add_argument('--expect', nargs='+', help='manifest hashes, in the order of the output')
    add_runner_options(parser)
    return parser.parse_args()


def data_sets(cfg: Config, splits: list[str]) -> list[ConfigDict]:
    """Configs of all data sets of some splits, under whatever wraps them, each once."""
    found = []
    for split in splits:
        loader = cfg.get(f'{split}_dataloader')
        if loader is not None:
            parts = innermost(loader.dataset)
            found += [part | {'pipeline': [], 'lazy_init': True} for part in parts]
    return [part for index, part in enumerate(found) if part not in found[:index]]


def body_of(cfg: Config) -> SMPL | None:
    """The body model of the config, or None where its files are not there."""
    config = cfg.get('body_model', {'type': 'SMPL'})
    try:
        return BODY_MODELS.build({**config, 'genders': ('neutral', 'male', 'female')})
    except FileNotFoundError as error:
        print(f'body model: {error}\n')
        return None


def report(diagnosis: Diagnosis) -> None:
    print(diagnosis.title)
    for name, value in diagnosis.facts.items():
        print(f'  {name}: {value}')
    for problem in diagnosis.problems:
        print(f'  PROBLEM  {problem.what}\n           what to do: {problem.mend}')
    print('' if diagnosis.problems else '  no problem found\n')


def main() -> None:
    args = parse_args()
    cfg = config_from_args(args)
    init_default_scope('dpmesh_plugin')
    parts = data_sets(cfg, args.split)
    if not parts:
        sys.exit(f'{args.config} has no data set for {", ".join(args.split)}')
    body_model = body_of(cfg)
    well = True
    for index, part in enumerate(parts):
        dataset = DATASETS.build(part)
        diagnosis = examine(
            dataset, body_model=body_model, sample=args.sample, workers=args.workers
        )
        if args.expect and 'manifest' in diagnosis.facts:
            expected = args.expect[index] if index < len(args.expect) else 'nothing'
            diagnosis.add(
                [diagnosis.facts['manifest']] * (diagnosis.facts['manifest'] != expected),
                f'manifest other than {expected}',
                'the files, or --sample, are not those of the expected hash',
            )
        report(diagnosis)
        well &= not diagnosis.problems
    sys.exit(0 if well else 1)


if __name__ == '__main__':
    main()
