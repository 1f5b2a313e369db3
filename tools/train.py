"""Train a model: python tools/train.py CONFIG [options]."""

import argparse

from mmengine.config import Config

from dpmesh_plugin.registry import RUNNERS
from dpmesh_plugin.utils.cli import add_runner_options, bad_input_ends, config_from_args


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from a checkpoint; without a value from the latest one in the work folder',
    )
    parser.add_argument(
        '--amp', action='store_true', help='train in bfloat16; optim_wrapper.dtype names others'
    )
    parser.add_argument('--no-validate', action='store_true', help='do not validate while training')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the real batch size over the one in the config',
    )
    add_runner_options(parser)
    return parser.parse_args()


def apply_options(cfg: Config, args: argparse.Namespace) -> None:
    """Change the config as the options say."""
    if args.amp:
        cfg.optim_wrapper.dtype = 'bfloat16'
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.auto_scale_lr:
        if 'base_batch_size' not in (cfg.get('auto_scale_lr') or {}):
            raise KeyError(
                f'--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=N) in {args.config}'
            )
        cfg.auto_scale_lr.enable = True
    from dpmesh_plugin.engine.checkpoint import latest_checkpoint  # seconds that --help is spared

    checkpoint = latest_checkpoint(cfg.work_dir) if args.resume == 'auto' else args.resume
    if checkpoint:  # a run that was killed before its first checkpoint starts anew
        cfg.resume, cfg.load_from = True, checkpoint


def main() -> None:
    args = parse_args()
    cfg = config_from_args(args)
    with bad_input_ends():
        apply_options(cfg, args)
    # These take seconds; --help should not.
    from dpmesh_plugin.engine.learning_rate import count_accumulated_batches
    from dpmesh_plugin.utils.distributed import leave_processes

    # Errors of other kinds may come from the code of a config's parts: they keep their traceback.
    with bad_input_ends((FileNotFoundError,)):
        runner = RUNNERS.build(cfg)
        count_accumulated_batches(runner)
        runner.train()
    leave_processes()


if __name__ == '__main__':
    main()
