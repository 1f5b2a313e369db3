"""Test a model: python tools/test.py CONFIG CHECKPOINT [options]."""

import argparse
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner
from rich.console import Console
from rich.table import Table

from dpmesh_plugin.evaluation import MeshMetric, entries_of, metric_entries
from dpmesh_plugin.evaluation.comparison import read_result
from dpmesh_plugin.evaluation.result_tables import metrics_table, split_tables
from dpmesh_plugin.utils.cli import add_runner_options, bad_input_ends, config_from_args
from dpmesh_plugin.utils.distributed import leave_processes, unwrapped

UNTRAINED = 'none'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        'checkpoint',
        help=f'checkpoint file, or {UNTRAINED!r} for the weights the config starts from',
    )
    parser.add_argument('--out', help='json file for the metrics and their protocol')
    parser.add_argument('--dump', help='npz file for the predictions of every sample')
    parser.add_argument('--show-dir', help='folder for pictures of the predictions')
    parser.add_argument('--show', action='store_true', help='open the pictures in a window')
    parser.add_argument('--interval', type=int, default=1, help='draw every N-th sample')
    parser.add_argument('--max-pictures', type=int, default=64, help='draw at most so many')
    add_runner_options(parser)
    return parser.parse_args()


def recorded_metric(cfg: Config) -> dict | None:
    """The metric whose result is written, the first of meshes or joints; None without one."""
    return next(iter(entries_of(cfg.test_evaluator, MeshMetric)), None)


def set_outputs(cfg: Config, args: argparse.Namespace) -> None:
    """Point metrics and visualisation at the files the user asked for."""
    if cfg.get('test_evaluator') is None:
        raise ValueError(f'{args.config} has no test_evaluator: there is nothing to measure')
    cfg.test_evaluator = metric_entries(cfg.test_evaluator)
    recorded = recorded_metric(cfg)
    if recorded is not None:
        recorded['out_file'] = args.out or str(Path(cfg.work_dir) / 'metrics.json')
    elif args.out:
        found = ', '.join(str(entry['type']) for entry in cfg.test_evaluator)
        raise ValueError(
            f'--out is the result file of a MeshMetric or JointMetric, got {found} in '
            f'test_evaluator of {args.config}: add one, or leave --out out'
        )
    if args.dump:
        cfg.test_evaluator.append({'type': 'DumpPredictions', 'out_file': args.dump})
    if args.show_dir or args.show:
        cfg.default_hooks.visualization = {
            'type': 'MeshVisualizationHook',
            'out_dir': args.show_dir,
            'show': args.show,
            'interval': args.interval,
            'max_samples': args.max_pictures,
        }


def print_metrics(metrics: dict[str, float], recorded: dict | None) -> None:
    """Print the tables of the result file, and a row for each value that is not in it."""
    console = Console()
    if recorded is not None:
        result = read_result(recorded['out_file'])
        for table in (metrics_table([result]), *split_tables([result])):
            console.print(table)
        prefix = f'{recorded["prefix"]}/' if recorded.get('prefix') else ''
        metrics = {n: v for n, v in metrics.items() if n.removeprefix(prefix) not in result.metrics}
    if metrics:
        table = Table('metric', 'value')
        for name, value in metrics.items():
            table.add_row(name, f'{value:.2f}' if isinstance(value, float) else str(value))
        console.print(table)


def run_test(cfg: Config, checkpoint: str) -> dict[str, float]:
    """Build everything and measure; see the argument ``checkpoint`` of the tool."""
    untrained = checkpoint == UNTRAINED
    if not untrained:
        if not Path(checkpoint).is_file():
            raise FileNotFoundError(
                f'expected a checkpoint, found none at {Path(checkpoint).absolute()}'
            )
        cfg.load_from = checkpoint
    # Not a runner of the config, as in training: one with shards would not start on one process and
    # builds its model later, and its checkpoints are whole.
    runner = Runner.from_cfg(cfg)
    if untrained:
        model = unwrapped(runner.model)
        model.init_weights()  # the runner does this for training only
    return runner.test()


def main() -> None:
    args = parse_args()
    cfg = config_from_args(args)
    with bad_input_ends():
        set_outputs(cfg, args)
    # Errors of other kinds may come from the code of a config's parts: they keep their traceback.
    with bad_input_ends((FileNotFoundError,)):
        metrics = run_test(cfg, args.checkpoint)
    if is_main_process():
        recorded = recorded_metric(cfg)
        print(f'{args.config} with {args.checkpoint}')
        print_metrics(metrics, recorded)
        written = {
            'metrics and protocol': recorded and recorded['out_file'],
            'predictions': args.dump,
            'pictures': args.show_dir,
        }
        for what, where in written.items():
            if where:
                print(f'{what}: {where}')


if __name__ == '__main__':
    main()
    leave_processes()
