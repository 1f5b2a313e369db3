import pytest
import torch

from dpmesh_plugin.profiling.watch import REST, CounterMeter, PartWatch, clock


class Work:
    """Adds to a counter."""

    done = 0

    def outer(self, amount: int) -> int:
        self.done += amount
        self.inner(10)
        self.done += amount
        return amount

    def inner(self, amount: int) -> None:
        self.done += amount


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def watch(work):
    return PartWatch(CounterMeter(lambda: work.done))


def test_work_belongs_to_the_innermost_part(work, watch):
    with watch.calls([(work, 'outer', 'a'), (work, 'inner', 'b')]), watch.running():
        work.done += 5
        assert work.outer(2) == 2
        work.inner(1)
        work.done += 7
    assert watch.amounts() == {REST: 12, 'a': 4, 'b': 11}


def test_a_new_run_forgets_the_last(work, watch):
    with watch.calls([(work, 'inner', 'b')]):
        for amount in (3, 4):
            with watch.running():
                work.inner(amount)
    assert watch.amounts() == {REST: 0, 'b': 4}


def test_methods_are_given_back(work, watch):
    work.inner = own = lambda amount: None
    with watch.calls([(work, 'outer', 'a'), (work, 'inner', 'b')]):
        assert work.inner is not own
    assert work.inner is own
    assert 'outer' not in vars(work)


def test_an_error_ends_the_part(work, watch):
    with watch.calls([(work, 'inner', 'b')]), watch.running():
        with pytest.raises(TypeError):
            work.inner('text')
        work.done += 3
    assert watch.amounts() == {REST: 3, 'b': 0}


def test_a_compiled_function_is_one_part(work, watch):
    def region(x: torch.Tensor) -> torch.Tensor:
        return double(x) + 1

    class Module:
        def double(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * x

    module = Module()

    def double(x: torch.Tensor) -> torch.Tensor:
        return module.double(x)

    compiled = torch.compile(region, backend='eager', fullgraph=True)
    with watch.calls([(module, 'double', 'inside')]), watch.running():
        assert compiled(torch.ones(2)).tolist() == [3, 3]
    assert set(watch.amounts()) == {REST}


def test_the_clock_runs():
    meter = clock(torch.device('cpu'))
    assert meter.between(meter.read(), meter.read()) >= 0
