from rich.console import Console
from rich.table import Table

from dpmesh_plugin.profiling import (
    Measurement,
    PartCost,
    Variant,
    benchmark_table,
    cost_table,
)


def _text(table: Table) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_cost_table_has_all_parts_and_their_sum():
    costs = [
        PartCost('one', 1_500_000, 0, 2_000_000_000, 0),
        PartCost('two', 500_000, 500_000, 1_000_000_000, 2**21),
    ]
    rows = [line.replace('│', ' ').split() for line in _text(cost_table(costs, 'a')).splitlines()]
    assert ['one', '1.50', '0.00', '2.00', '0.0'] in rows
    assert ['two', '0.50', '0.50', '1.00', '2.0'] in rows
    assert ['sum', '2.00', '0.50', '3.00', '2.0'] in rows


def test_benchmark_table_has_a_column_per_variant():
    slow = Measurement(Variant(), 0.5, {'a': 0.4, 'rest': 0.1}, 1, 2e9, 0.25, 2**30, 1.0, 0.0)
    fast = Measurement(Variant(4), 0.25, {'a': 0.25}, 1, 2e9, 0.5, 2**31, 2.0, 0.125)
    text = _text(benchmark_table([slow, fast], 'a'))
    rows = [line.replace('│', ' ').split() for line in text.splitlines()]
    assert ['a', '400.0', '250.0'] in rows
    assert ['rest', '100.0'] in rows
    assert ['all', '500.0', '250.0'] in rows
    assert ['speed', '1.00x', '2.00x'] in rows
    assert ['peak', 'memory,', 'GiB', '1.00', '2.00'] in rows
    assert ['vertices', 'off', 'by,', 'mm', '0.000', '0.125'] in rows
    assert '2  float32, batch 4' in text


def test_training_has_no_vertices():
    step = Measurement(Variant(), 0.5, {}, 1, 2e9, 0.25, 1, 1.0, None)
    assert 'vertices' not in _text(benchmark_table([step], 'a'))
