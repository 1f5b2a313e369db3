import mmap

import torch

from dpmesh_plugin.profiling import machine_facts
from dpmesh_plugin.profiling.machine import MatrixProduct, peak_memory, reset_peak_memory

CPU = torch.device('cpu')
MEBI = 2**20


def test_matrix_product():
    product = MatrixProduct(4, torch.float32, CPU)
    assert product.flops == 2 * 4 * 4 * 4
    assert product.rate() > 0
    assert product.product.tolist() == [[1.0] * 4] * 4


def test_rate_by_another_clock():
    ticks = iter(range(100))
    product = MatrixProduct(4, torch.float32, torch.device('cpu'), lambda: 2.0 * next(ticks))
    assert product.rate() == 2 * 4**3 / 2


def test_peak_memory_grows_with_what_is_touched():
    reset_peak_memory(CPU)
    before = peak_memory(CPU)
    # Pages of its own: an allocator may reuse what earlier tests have touched.
    with mmap.mmap(-1, 64 * MEBI) as block:
        block.write(bytes(64 * MEBI))
    assert peak_memory(CPU) - before > 32 * MEBI


def test_facts_of_the_machine():
    facts = machine_facts(CPU)
    assert facts['device'] == 'cpu'
    assert facts['threads'] == torch.get_num_threads()
    assert all(value not in ('', None) for value in facts.values())
