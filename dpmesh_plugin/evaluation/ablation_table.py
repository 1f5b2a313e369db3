"""One table of many runs: a row per config, means over seeds with their spread."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dpmesh_plugin.utils.io import atomic_write

from .comparison import Result, differences

METRICS = ('MPJPE', 'PA-MPJPE', 'MPVPE')
_MISSING = '-'


@dataclass(frozen=True)
class AblationRow:
    """The runs of one config.

    Args:
        name: Name of the config.
        change: What it changes.
        results: Results by seed.
        failures: By seed, why there is no result.
    """

    name: str
    change: str
    results: dict[int, Result] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)

    def statistics(self, metric: str) -> tuple[float | None, float | None]:
        """Mean over the seeds, and their standard deviation (divided by n - 1) of two or more.

        None where a seed has no finite value, and for the spread of one seed.
        """
        values = [result.metrics.get(metric) for result in self.results.values()]
        if not values or None in values:
            return None, None
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
        return float(np.mean(values)), spread


def remarks(rows: Sequence[AblationRow]) -> list[str]:
    """What a reader must know: seeds that failed, and rows under another protocol than the first.

    Args:
        rows: Rows in the order of the table.
    """
    lines = []
    first = next(((row, r) for row in rows for r in row.results.values()), None)
    for row in rows:
        lines += [f'{row.name}, seed {seed}: failed: {why}' for seed, why in row.failures.items()]
        for result in list(row.results.values())[:1]:
            lines += [
                f'{row.name} is not comparable with {first[0].name}: {each.fact} is '
                f'{each.values[1]!r}, not {each.values[0]!r}'
                for each in differences(first[1], result)
            ]
    return lines


def markdown_table(rows: Sequence[AblationRow], metrics: Sequence[str] = METRICS) -> str:
    """The table in Markdown, with its remarks below."""
    head = ['row', 'change', 'seeds', *(f'{metric}, mm' for metric in metrics)]
    lines = [head, ['---', '---', *['---:'] * (len(head) - 2)]]
    for row in rows:
        cells = [_cell(*row.statistics(metric)) for metric in metrics]
        lines.append([row.name, row.change, _seeds(row), *cells])
    table = ['| ' + ' | '.join(cells) + ' |' for cells in lines]
    notes = [f'- {remark}' for remark in remarks(rows)]
    return '\n'.join([*table, '', 'Mean ± standard deviation over seeds.', *notes]) + '\n'


def write_tables(
    rows: Sequence[AblationRow], folder: str | Path, metrics: Sequence[str] = METRICS
) -> list[Path]:
    """Write ``ablations.md``, ``ablations.csv`` and, of rows with values, ``ablations.png``.

    Args:
        rows: Rows in the order of the table.
        folder: Folder to write to; older files are replaced.
        metrics: Names of values of the result files, mm; the figure shows the first.
    """
    paths = [Path(folder) / f'ablations.{suffix}' for suffix in ('md', 'csv', 'png')]
    with atomic_write(paths[0]) as path:
        path.write_text(markdown_table(rows, metrics), encoding='utf-8')
    with atomic_write(paths[1]) as path:
        _write_csv(rows, metrics, path)
    if not any(row.statistics(metrics[0])[0] is not None for row in rows):
        paths[2].unlink(missing_ok=True)
        return paths[:2]
    with atomic_write(paths[2]) as path:
        _draw(rows, metrics[0], path)
    return paths


def _write_csv(rows: Sequence[AblationRow], metrics: Sequence[str], path: Path) -> None:
    columns = [f'{metric}_{what}_mm' for metric in metrics for what in ('mean', 'std')]
    with open(path, 'w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['row', 'change', 'seeds', 'failed_seeds', *columns])
        for row in rows:
            values = [value for metric in metrics for value in row.statistics(metric)]
            writer.writerow(
                [
                    row.name,
                    row.change,
                    ' '.join(map(str, row.results)),
                    ' '.join(map(str, row.failures)),
                    *('' if value is None else f'{value:.3f}' for value in values),
                ]
            )


def _draw(rows: Sequence[AblationRow], metric: str, path: Path) -> None:
    """Bars of one metric, the first row on top; a line marks its mean."""
    from matplotlib.figure import Figure

    drawn = [(row.name, *row.statistics(metric)) for row in rows]
    names, means, spreads = zip(*(each for each in drawn if each[1] is not None), strict=True)
    figure = Figure(figsize=(7, 1 + 0.3 * len(names)), layout='constrained')
    axes = figure.add_subplot()
    spreads = [0.0 if spread is None else spread for spread in spreads]
    axes.barh(names, means, xerr=spreads, color='#4c78a8', capsize=3)
    axes.axvline(means[0], color='#333333', linewidth=1, linestyle='--')
    axes.invert_yaxis()
    axes.set_xlabel(f'{metric}, mm (mean, standard deviation over seeds)')
    figure.savefig(path, dpi=120)


def _seeds(row: AblationRow) -> str:
    done, failed = len(row.results), len(row.failures)
    return f'{done} ({failed} failed)' if failed else str(done)


def _cell(mean: float | None, spread: float | None) -> str:
    if mean is None:
        return _MISSING
    return f'{mean:.1f}' if spread is None else f'{mean:.1f} ± {spread:.1f}'
