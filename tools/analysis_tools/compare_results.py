"""Results side by side: python tools/analysis_tools/compare_results.py A.json B.json ...

Every table holds one protocol. Results that were measured under different protocols never share a
column: they stand in different tables, what differs is named, and the exit code is 1. A file that
is not a result is an error, exit code 2. Published numbers stand below results on the same data
set, joints and body model.
"""

import argparse
import sys
from dataclasses import replace

from rich.console import Console

from dpmesh_plugin.evaluation.comparison import (
    Result,
    differences,
    group_by_protocol,
    published_for,
    read_result,
)
from dpmesh_plugin.evaluation.result_tables import metrics_table, split_tables
from dpmesh_plugin.utils.cli import bad_input_ends


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('results', nargs='+', help='result files written by tools/test.py --out')
    parser.add_argument('--no-published', action='store_true', help='leave out published numbers')
    parser.add_argument('--no-splits', action='store_true', help='only the table of all metrics')
    parser.add_argument('--per-joint', action='store_true', help='also a table of single joints')
    return parser.parse_args()


def read_results(paths: list[str]) -> list[Result]:
    """Results named after their files, by their paths where names are the same."""
    results = [read_result(path) for path in paths]
    names = [result.name for result in results]
    return [
        result if names.count(result.name) == 1 else replace(result, name=path)
        for path, result in zip(paths, results, strict=True)
    ]


def describe_differences(first: Result, second: Result) -> str:
    """One line per fact in which two results differ."""
    lines = []
    for difference in differences(first, second):
        concerned = f' of {", ".join(difference.metrics)}' * bool(difference.metrics)
        values = ' and '.join(map(repr, difference.values))
        lines.append(f'  {difference.fact}{concerned}: {values}')
    return '\n'.join([f'{first.name} and {second.name} differ in', *lines])


def main() -> None:
    args = parse_args()
    console = Console()
    with bad_input_ends(code=2):
        results = read_results(args.results)
    groups = group_by_protocol(results)
    for group in groups:
        console.print(metrics_table(group, [] if args.no_published else published_for(group[0])))
        if not args.no_splits:
            for table in split_tables(group, per_joint=args.per_joint):
                console.print(table)
    for group in groups[1:]:
        text = describe_differences(groups[0][0], group[0])
        console.print(f'not in one table: {text}', markup=False, soft_wrap=True)
    if len(groups) > 1:
        sys.exit(1)


if __name__ == '__main__':
    main()
