"""Results side by side: python tools/analysis_tools/compare_results.py A.json B.json ...

Every table holds one protocol. Results that were measured under different protocols stand in
different tables, and what differs is named.
"""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from dpmesh_plugin.evaluation.comparison import (
    Result,
    differing_facts,
    group_by_protocol,
    published_for,
    read_result,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('results', nargs='+', help='result files written by tools/test.py --out')
    parser.add_argument('--no-published', action='store_true', help='leave out published numbers')
    return parser.parse_args()


def as_table(group: list[Result], published: list[Result]) -> Table:
    """One row per result, one column per metric."""
    facts = group[0].conditions
    title = f'{facts["dataset"]}: {facts["samples"]} samples, {facts["joint_set"]}, mm'
    table = Table(title=title, title_justify='left')
    table.add_column('result')
    names = list(dict.fromkeys(name for result in group for name in result.metrics))
    for name in names:
        table.add_column(name, justify='right')
    for result in [*group, *published]:
        values = [result.metrics.get(name) for name in names]
        table.add_row(result.name, *('-' if v is None else f'{v:.1f}' for v in values))
    return table


def main() -> None:
    args = parse_args()
    console = Console()
    groups = group_by_protocol([read_result(path) for path in args.results])
    for group in groups:
        console.print(as_table(group, [] if args.no_published else published_for(group[0])))
    if len(groups) > 1:
        facts = ', '.join(differing_facts(groups))
        console.print(f'{len(groups)} tables, since the protocols differ in: {facts}')
        sys.exit(1)


if __name__ == '__main__':
    main()
