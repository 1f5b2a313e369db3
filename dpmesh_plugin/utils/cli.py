"""Options that the command-line tools share; named as in the tools of the OpenMMLab family."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction

from .config import load_config
from .errors import error_words

BAD_INPUT = (OSError, KeyError, ValueError, ImportError)


@contextmanager
def bad_input_ends(
    errors: tuple[type[Exception], ...] = BAD_INPUT, *, code: int = 1
) -> Iterator[None]:
    """End the tool with one line where input is bad or a package is missing, no traceback.

    Args:
        errors: What counts as that.
        code: Exit code, for tools to which 1 means something else.
    """
    try:
        yield
    except errors as error:
        line = f'{Path(sys.argv[0]).stem}: {error_words(error)}'
        if code == 1:
            sys.exit(line)
        sys.stderr.write(f'{line}\n')
        sys.exit(code)


def add_config_options(parser: argparse.ArgumentParser, example: str) -> None:
    """Add ``--cfg-options``, which changes entries of the config of a tool.

    Args:
        parser: Of the tool.
        example: What its help shows.
    """
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help=f'change entries of the config, e.g. {example}',
    )


def parse_config_options(options: Sequence[str]) -> dict[str, Any]:
    """What the values of ``--cfg-options`` mean.

    Args:
        options: ``KEY=VALUE`` each.
    """
    parser = argparse.ArgumentParser()
    add_config_options(parser, '')
    return parser.parse_args(['--cfg-options', *options]).cfg_options if options else {}


def add_runner_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing have in common."""
    parser.add_argument('--work-dir', help='folder for logs, results and checkpoints')
    add_config_options(parser, 'data_root=data/mine train_dataloader.batch_size=4')
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='how the processes of a distributed run are started',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def config_from_args(args: argparse.Namespace) -> Config:
    """Read ``args.config`` and apply the options of :func:`add_runner_options`."""
    from .distributed import prepare_cpu_launch  # takes seconds, and --help calls nothing here

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    with bad_input_ends():
        cfg = load_config(args.config, args.cfg_options)
    cfg.launcher = args.launcher
    prepare_cpu_launch(cfg)
    cfg.work_dir = work_dir_of(cfg, args.config) if args.work_dir is None else args.work_dir
    return cfg


def work_dir_of(cfg: Config, path: str) -> str:
    """Where goes what comes of a config: its own folder, or one named after its file."""
    return cfg.get('work_dir') or os.path.join('work_dirs', Path(path).stem)
