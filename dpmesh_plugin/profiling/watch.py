"""Credit what grows while a model runs, such as time or FLOPs, to the parts that make it grow."""

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any, Protocol

import torch

REST = 'rest'


class Meter(Protocol):
    """Something that can be read at any time and only grows."""

    def read(self) -> Any:
        """The state of the meter now."""

    def between(self, start: Any, end: Any) -> float:
        """What was added between two readings."""


class CounterMeter:
    """Meter over a function that returns a growing number.

    Args:
        count: The function.
    """

    def __init__(self, count: Callable[[], float]) -> None:
        self.read = count

    def between(self, start: float, end: float) -> float:
        """The difference."""
        return end - start


class CudaMeter:
    """Seconds on the clock of a CUDA device, without waiting for it at every reading."""

    def read(self) -> torch.cuda.Event:
        """Mark this place in the stream."""
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def between(self, start: torch.cuda.Event, end: torch.cuda.Event) -> float:
        """Seconds between two marks; waits for the second."""
        end.synchronize()
        return start.elapsed_time(end) / 1000


def clock(device: torch.device, now: Callable[[], float] = perf_counter) -> Meter:
    """The meter of seconds on a device; on a CPU that of the clock ``now``."""
    return CudaMeter() if device.type == 'cuda' else CounterMeter(now)


class PartWatch:
    """Splits what a meter shows among named parts.

    Parts may nest; work is credited to the innermost one only, and to ``'rest'`` outside of all.

    Args:
        meter: What is read whenever a part begins or ends.
    """

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self._open = [REST]
        self._marks: list[tuple[str, Any]] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """What is credited happens in here; earlier marks are forgotten."""
        self._marks = [(REST, self.meter.read())]
        yield
        self._marks.append((REST, self.meter.read()))

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Work in here belongs to ``name``, but for that of inner parts."""
        self._switch(name)
        self._open.append(name)
        try:
            yield
        finally:
            self._open.pop()
            self._switch(self._open[-1])

    @contextmanager
    def calls(self, calls: Iterable[tuple[Any, str, str]]) -> Iterator[None]:
        """Watch methods while in here.

        Inside of a compiled function nothing can be told apart: there the work is credited to the
        part of the compiled function.

        Args:
            calls: Object, name of its method, name of the part.
        """
        with ExitStack() as undo:
            for owner, method, name in calls:
                undo.callback(_replace(owner, method, self._watched(getattr(owner, method), name)))
            yield

    def amounts(self) -> dict[str, float]:
        """What was added in every part during the last :meth:`running`."""
        amounts = defaultdict(float)
        for (name, start), (_, end) in zip(self._marks, self._marks[1:], strict=False):
            amounts[name] += self.meter.between(start, end)
        return dict(amounts)

    def _switch(self, name: str) -> None:
        self._marks.append((name, self.meter.read()))

    def _watched(self, function: Callable, name: str) -> Callable:
        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if torch.compiler.is_compiling():
                return function(*args, **kwargs)
            with self.part(name):
                return function(*args, **kwargs)

        return watched


def _replace(owner: Any, name: str, value: Any) -> Callable[[], None]:
    """Set an attribute of an object; returns what undoes it."""
    own = vars(owner)
    had, old = name in own, own.get(name)
    own[name] = value
    return lambda: own.update({name: old}) if had else own.pop(name)
