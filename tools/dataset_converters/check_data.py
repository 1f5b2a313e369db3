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
from dpmesh_plugin.registry import BODY_MODELS, DATASETS, SCOPE
from dpmesh_plugin.utils.cli import add_config_options, bad_input_ends
from dpmesh_plugin.utils.config import SPLITS, load_config, loader_of, splits_of


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config file')
    parser.add_argument('--split', choices=SPLITS, nargs='+', help='all that there are by default')
    parser.add_argument(
        '--samples',
        type=int,
        default=2000,
        help='people per data set whose image and body are looked at; 0 for all (default 2000)',
    )
    parser.add_argument('--workers', type=int, default=os.cpu_count(), help='reading threads')
    parser.add_argument('--expect', nargs='+', help='manifest hashes, in the order of the output')
    add_config_options(parser, 'data_root=data/mine')
    return parser.parse_args()


def data_sets(cfg: Config, splits: list[str]) -> list[ConfigDict]:
    """Configs of all data sets of some splits, under whatever wraps them, each once."""
    found = []
    for split in splits:
        parts = innermost(loader_of(cfg, split).dataset)
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


def check(args: argparse.Namespace) -> bool:
    """Examine all data sets; whether there is no problem."""
    cfg = load_config(args.config, args.cfg_options)
    parts = data_sets(cfg, args.split or splits_of(cfg))
    if not parts:
        raise ValueError(f'{args.config} has no data set: expected a data loader of any split')
    body_model = body_of(cfg)
    well = True
    for index, part in enumerate(parts):
        dataset = DATASETS.build(part)
        diagnosis = examine(
            dataset, body_model=body_model, sample=args.samples, workers=args.workers
        )
        if args.expect and 'manifest' in diagnosis.facts:
            expected = args.expect[index] if index < len(args.expect) else 'nothing'
            diagnosis.add(
                [diagnosis.facts['manifest']] * (diagnosis.facts['manifest'] != expected),
                f'manifest other than {expected}',
                'the files, or --samples, are not those of the expected hash',
            )
        report(diagnosis)
        well &= not diagnosis.problems
    return well


def main() -> None:
    args = parse_args()
    init_default_scope(SCOPE)
    with bad_input_ends():
        well = check(args)
    sys.exit(0 if well else 1)


if __name__ == '__main__':
    main()
