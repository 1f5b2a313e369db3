"""Costs and measurements as tables for a terminal."""

from collections.abc import Sequence

from rich.table import Table

from .benchmark import Measurement
from .cost import PartCost, total_cost

MEBI, GIBI = 2**20, 2**30
MILLION, GIGA = 1e6, 1e9


def cost_table(costs: Sequence[PartCost], title: str) -> Table:
    """One row per part and one for their sum."""
    table = Table(title=title)
    table.add_column('part')
    for column in ('parameters, M', 'trainable, M', 'GFLOP', 'activations, MiB'):
        table.add_column(column, justify='right')
    for cost in [*costs, total_cost(costs)]:
        if cost.name == 'sum':
            table.add_section()
        table.add_row(
            cost.name,
            f'{cost.parameters / MILLION:.2f}',
            f'{cost.trainable / MILLION:.2f}',
            f'{cost.flops / GIGA:.2f}',
            f'{cost.activation_bytes / MEBI:.1f}',
        )
    return table


def benchmark_table(results: Sequence[Measurement], title: str) -> Table:
    """One numbered column per variant, named below; times in milliseconds per image."""
    names = [f'{number}  {result.variant}' for number, result in enumerate(results, 1)]
    table = Table(title=title, caption='\n'.join(names), caption_justify='left')
    table.add_column('ms per image')
    for number in range(1, len(results) + 1):
        table.add_column(str(number), justify='right')
    for part in dict.fromkeys(part for result in results for part in result.parts):
        table.add_row(part, *(_milliseconds(result.parts.get(part)) for result in results))
    table.add_section()
    table.add_row('all', *(_milliseconds(result.seconds) for result in results))
    table.add_row('speed', *(f'{result.speed:.2f}x' for result in results))
    table.add_row('matrix product, GFLOP/s', *(f'{r.matmul_rate / GIGA:.0f}' for r in results))
    table.add_row('share of it', *(f'{result.share:.2f}' for result in results))
    table.add_row('peak memory, GiB', *(f'{result.peak_bytes / GIBI:.2f}' for result in results))
    table.add_row('memory', *(f'{result.memory:.2f}x' for result in results))
    if results[0].deviation is not None:
        table.add_row('vertices off by, mm', *(f'{result.deviation:.3f}' for result in results))
    return table


def _milliseconds(seconds: float | None) -> str:
    return '' if seconds is None else f'{seconds * 1000:.1f}'
