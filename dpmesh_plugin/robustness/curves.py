"""Error against severity, and one number for it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .stresses import Stress, StressTransform
from .subject import Errors, Subject

DECIMALS = 3


def sweep(subject: Subject, stress: Stress, clean: Errors, seed: int) -> dict[str, Any]:
    """The curve of one stress.

    Args:
        subject: What is tested.
        stress: How.
        clean: Errors at severity 0.
        seed: Seed of the draws.

    Returns:
        See :func:`curve`, and the ``meaning`` of the severity.
    """
    measured = [
        subject.errors(StressTransform(stress, severity, seed)) if severity else clean
        for severity in stress.severities
    ]
    return {'meaning': stress.meaning, **curve(stress.severities, measured)}


def curve(severities: Sequence[float], measured: Sequence[Errors]) -> dict[str, Any]:
    """Means over the samples at every severity.

    Args:
        severities: In ascending order, the first without stress.
        measured: Errors of the same samples at each.

    Returns:
        ``severity`` (S,), ``metrics``: means (S,) in mm by name; ``standard_error`` (S,) of each;
        ``keypoints`` (S,): mean number of keypoints the model was given; ``not_finite`` (S,):
        predictions left out of the means; ``area``: see :func:`mean_height`, by metric, and
        ``rise``: how much of it is above the first value.
    """
    names = list(measured[0].values)
    means = {name: [_mean(errors.values[name]) for errors in measured] for name in names}
    area = {name: mean_height(severities, means[name]) for name in names}
    return {
        'severity': list(severities),
        'samples': len(measured[0].keypoints),
        'metrics': means,
        'standard_error': {
            name: [_standard_error(errors.values[name]) for errors in measured] for name in names
        },
        'keypoints': [round(float(errors.keypoints.mean()), DECIMALS) for errors in measured],
        'not_finite': [int(np.isnan(errors.values[names[0]]).sum()) for errors in measured],
        'area': area,
        'rise': {name: _difference(area[name], means[name][0]) for name in names},
    }


def mean_height(places: Sequence[float], values: Sequence[float | None]) -> float | None:
    """Area under a curve of straight lines, over its length: in the unit of the values.

    Convention: values 10, 20 at 0, 1 have the mean height 15.

    Args:
        places: In ascending order.
        values: At each place; None where there is none, which the curve passes over.

    Returns:
        The mean height, None for fewer than two values.
    """
    known = [(x, y) for x, y in zip(places, values, strict=True) if y is not None]
    if len(known) < 2:
        return None
    x, y = np.array(known).T
    return round(float(np.trapezoid(y, x) / (x[-1] - x[0])), DECIMALS)


def areas(sweeps: Mapping[str, Mapping[str, Any]], metric: str) -> dict[str, float | None]:
    """The one number of every sweep."""
    return {name: result['area'][metric] for name, result in sweeps.items()}


def _mean(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return round(float(finite.mean()), DECIMALS) if len(finite) else None


def _standard_error(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    if len(finite) < 2:
        return None
    return round(float(finite.std(ddof=1) / np.sqrt(len(finite))), DECIMALS)


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one - other, DECIMALS)
