"""Compare with recorded numbers: python tools/analysis_tools/check_parity.py --set DIR --size tiny.

DIR has the layout of the reference set: SIZE/manifest.json, SIZE/inputs.npz, SIZE/expected.npz with
expected_stats.json, synthetic_body.npz, and any of losses.npz with losses_gradients.json,
metrics.npz, preprocess.npz with the annotation files, rotations.npz, train_targets.npz,
joint_maps.json. Weights are not stored, they are a function of the parameters' names: no download
is needed. Exit code 1 if a row is over its limit, 2 if the directory cannot be used.
"""

import argparse
import sys
import time

from mmengine.registry import init_default_scope
from rich.console import Console
from rich.table import Table

from dpmesh_plugin.parity import Report, check_parity
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--set', required=True, metavar='DIR', help='directory of recorded numbers')
    parser.add_argument('--size', required=True, help='model size: tiny or full')
    parser.add_argument(
        '--salt',
        default='',
        metavar='TEXT',
        help='text appended to every key of the fill rule, for a set recorded with it',
    )
    return parser.parse_args()


def as_table(report: Report) -> Table:
    """One row per tensor, the worst first."""
    table = Table(title='errors, the largest share of its limit first', title_justify='left')
    table.add_column('name', overflow='fold')
    for column in ('error', 'limit', 'unit'):
        table.add_column(column, justify='right', no_wrap=True)
    table.add_column('ok', no_wrap=True)
    for row in report.worst_first():
        verdict = 'yes' if row.ok else '[bold red]NO[/]'
        table.add_row(row.name, f'{row.error:.2e}', f'{row.limit:.0e}', row.unit, verdict)
    return table


def main() -> None:
    args = parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    init_default_scope('dpmesh_plugin')
    start = time.perf_counter()
    with bad_input_ends(code=2):
        report = check_parity(args.set, args.size, args.salt)
    seconds = time.perf_counter() - start
    console.print(as_table(report))
    for note in report.notes:
        console.print(f'note: {note}', markup=False, highlight=False)
    failed, worst = report.failed, next(report.worst_first())
    print(
        f'{args.set} {args.size}: {len(report.rows)} rows, {len(failed)} over their limit; worst '
        f'{worst.name} at {worst.share:.2f} of its limit; {seconds:.0f} s'
    )
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
