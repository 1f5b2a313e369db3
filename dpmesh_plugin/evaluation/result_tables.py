"""Results as tables for a terminal."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from .comparison import Result
from .published import SOURCE, PublishedRow
from .summary import UNKNOWN_BIN

_SPLIT_METRICS = ('MPJPE', 'PA-MPJPE', 'MPVPE')
_MISSING = '-'


def metrics_table(results: Sequence[Result], published: Sequence[PublishedRow] = ()) -> Table:
    """One row per result and joint set, one column per metric.

    Args:
        results: Results of one protocol.
        published: Rows to show below.
    """
    first = results[0]
    facts = first.conditions
    title = f'{facts["dataset"]}\n{facts["samples"]} samples, {_joined(facts["joint_set"])}\n'
    title += f'root {facts["root"]}'
    names = list(dict.fromkeys(_of_set(name)[1] for r in results for name in r.metrics))
    units = {_of_set(name)[1]: unit for r in results for name, unit in r.units.items()}
    table = Table(title=title, title_justify='left', caption_justify='left')
    table.add_column('', no_wrap=True)
    for name in names:
        head = name.replace('-', '-\n')
        table.add_column(f'{head}\n{units.get(name, "mm")}', justify='right')
    for result in results:
        for joint_set in dict.fromkeys(_of_set(name)[0] for name in result.metrics):
            values = [result.metrics.get(f'{joint_set}{name}') for name in names]
            label = f'{result.name}, {joint_set.rstrip("/")}' if joint_set else result.name
            table.add_row(label, *map(_cell, values))
    if published:
        table.add_section()
        table.caption = f'(p) published: {SOURCE}'
        for row in published:
            table.add_row(f'{row.method} (p)', *(_cell(row.metrics.get(name)) for name in names))
    return table


def split_tables(results: Sequence[Result], *, per_joint: bool = False) -> Iterator[Table]:
    """Means by cause of invisibility, by degree of occlusion and, if asked for, per joint.

    What nothing is known of in any result is left out.

    Args:
        results: Results of one protocol.
        per_joint: Whether to show single joints.
    """
    for joint_set in _keys(results, 'by_visibility'):
        rows = [result.splits['by_visibility'].get(joint_set, {}) for result in results]
        title = f'{joint_set}, mm, by cause: means over joints'
        yield from _split_table(title, 'joints', results, rows)
    occluded = [result.splits.get('by_occlusion', {}) for result in results]
    yield from _split_table('mm, by occlusion: means over persons', 'samples', results, occluded)
    for joint_set in _keys(results, 'per_joint') if per_joint else ():
        rows = [result.splits['per_joint'].get(joint_set, {}) for result in results]
        yield from _split_table(f'{joint_set}, mm, per joint', None, results, rows)


def _of_set(name: str) -> tuple[str, str]:
    """Joint set with its slash, empty for the first set, and metric of the name of a value."""
    joint_set, slash, metric = name.rpartition('/')
    return joint_set + slash, metric


def _keys(results: Sequence[Result], split: str) -> list[str]:
    return list(dict.fromkeys(key for r in results for key in r.splits.get(split, {})))


def _split_table(
    title: str, count: str | None, results: Sequence[Result], splits: Sequence[dict]
) -> Iterator[Table]:
    """A table with a row per bin, unless everything is in the bin of the unknown."""
    bins = list(dict.fromkeys(name for split in splits for name in split))
    known = [name for name in bins if name != UNKNOWN_BIN]
    if count and not any(split.get(name, {}).get(count) for split in splits for name in known):
        return
    present = {name for split in splits for cells in split.values() for name in cells}
    metrics = [metric for metric in _SPLIT_METRICS if metric in present]
    table = Table(title=title, title_justify='left')
    table.add_column('')
    if count:
        table.add_column(count, justify='right')
    for result in results:
        for metric in metrics:
            name = metric if len(results) == 1 else f'{result.name}\n{metric}'
            table.add_column(name, justify='right')
    for name in bins:
        cells = [split.get(name, {}) for split in splits]
        counted = [str(cells[0].get(count, _MISSING))] if count else []
        table.add_row(name, *counted, *(_cell(c.get(m)) for c in cells for m in metrics))
    yield table


def _cell(value: float | None) -> str:
    return _MISSING if value is None else f'{value:.1f}'


def _joined(names: str | Sequence[str] | None) -> str:
    return names if isinstance(names, str) else ', '.join(names or ['unknown joints'])
