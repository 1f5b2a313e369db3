"""Rows of a comparison: how far one tensor is from its recorded values, and how far it may be."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Row:
    """One compared tensor.

    Args:
        name: Part and tensor, for example ``'network/mesh_cam'``.
        error: The error in the unit of the limit.
        limit: Largest error that passes.
        unit: What the error is: ``'relative'`` to the largest recorded value, or a unit.
    """

    name: str
    error: float
    limit: float
    unit: str = 'relative'

    @property
    def ok(self) -> bool:
        """Whether the error is within the limit; NaN is not."""
        return self.error <= self.limit

    @property
    def share(self) -> float:
        """The error as a share of the limit; infinite for NaN."""
        if math.isnan(self.error):
            return math.inf
        return self.error / self.limit if self.limit else (0.0 if self.ok else math.inf)


@dataclass
class Report:
    """Everything one run compared.

    Args:
        rows: Compared tensors.
        notes: What was not compared, and why.
    """

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[Row]:
        """Rows over their limit."""
        return [row for row in self.rows if not row.ok]

    def worst_first(self) -> Iterator[Row]:
        """Rows by the share of their limit that they use up."""
        return iter(sorted(self.rows, key=lambda row: -row.share))

    def add(
        self,
        name: str,
        actual: object,
        expected: object,
        limit: float,
        *,
        unit: str = 'relative',
        scale: float = 1.0,
    ) -> None:
        """Compare two arrays by their largest difference.

        Values that are not finite must be the same on both sides.

        Args:
            name: Name of the row.
            actual: Array-like, ours.
            expected: Array-like, recorded.
            limit: Largest error that passes.
            unit: ``'relative'``: the difference is divided by the largest recorded absolute value;
                anything else names the unit of an absolute difference.
            scale: Factor from the arrays' unit to that one.
        """
        actual, expected = (np.asarray(side, dtype=np.float64) for side in (actual, expected))
        if actual.shape != expected.shape:
            self.notes.append(f'{name}: shape {actual.shape}, recorded is {expected.shape}')
            self.rows.append(Row(name, math.nan, limit, unit))
            return
        error = _largest_difference(actual, expected)
        if unit == 'relative':
            largest = np.abs(expected[np.isfinite(expected)]).max(initial=0)
            error /= largest if largest else 1.0
        self.rows.append(Row(name, float(error) * scale, limit, unit))


def _largest_difference(actual: np.ndarray, expected: np.ndarray) -> float:
    """NaN where one side is not finite and the other is something else."""
    finite = np.isfinite(expected)
    if not np.array_equal(actual[~finite], expected[~finite], equal_nan=True):
        return math.nan
    return float(np.abs(actual[finite] - expected[finite]).max(initial=0))
