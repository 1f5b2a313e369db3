"""Train and test a set of configs, and collect one table.

  python tools/analysis_tools/run_ablations.py configs/ablations/*.py --seeds 0 1 2

Runs that have a result are skipped and interrupted ones resumed, so the same command goes on where
it was stopped. The first config is the row that others are compared with: base.py, if it is among
them. A row that fails is reported, the others go on, and the exit code is 1.
"""

import argparse
import sys
from pathlib import Path

from dpmesh_plugin.engine.ablation_plan import AblationRun, check_alike, check_folders, plan_runs
from dpmesh_plugin.engine.ablation_runs import collect_rows, run_one, start_process
from dpmesh_plugin.evaluation.ablation_table import METRICS, markdown_table, write_tables
from dpmesh_plugin.utils.cli import bad_input_ends

TOOLS = Path(__file__).resolve().parents[1]
BASE = 'base.py'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('configs', nargs='+', help='config files, a row each')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0], help='seeds of every row')
    parser.add_argument(
        '--work-dir', default='work_dirs/ablations', help='folder for runs and table'
    )
    parser.add_argument(
        '--metrics', nargs='+', default=list(METRICS), help='columns; the figure shows the first'
    )
    parser.add_argument(
        '--collect',
        action='store_true',
        help='only make the table of what is finished, whatever its options were',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='change entries of all configs, as in tools/train.py',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    configs = sorted(args.configs, key=lambda path: Path(path).name != BASE)
    with bad_input_ends():
        runs = plan_runs(configs, args.seeds, args.work_dir, args.cfg_options)
        check_alike(runs) if args.collect else check_folders(runs)
    failures: dict[AblationRun, str] = {}
    for number, run in enumerate([] if args.collect else runs, start=1):
        print(f'[{number}/{len(runs)}] {run.config.stem}, seed {run.seed}', end=' ', flush=True)
        already = run.finished
        reason = run_one(run, TOOLS, start_process)
        if reason is not None:
            failures[run] = reason
        print('was finished' if already else reason or 'done', flush=True)
        write_tables(collect_rows(runs, failures), args.work_dir, args.metrics)
    rows = collect_rows(runs, failures)
    print(f'\n{markdown_table(rows, args.metrics)}')
    for path in write_tables(rows, args.work_dir, args.metrics):
        print(path)
    if failures:
        sys.exit(1)


if __name__ == '__main__':
    main()
