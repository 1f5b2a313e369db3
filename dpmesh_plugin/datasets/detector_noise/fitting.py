"""Measuring the errors of a detector: what was true against what it said."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dpmesh_plugin.structures import Visibility, get_keypoint_set

from .detector_errors import CAUSES, NUM_QUANTILES, DetectorErrors
from .mixture import PRIOR_COUNT, FoundJoints, fit_mixture, shares_of_origins
from .observations import Observations

# Below this many joints of a cause its numbers would be chance: it counts as not measured.
MIN_OF_CAUSE = 50
# Of a found joint that is hardly likely to be of a kind, the confidence says nothing of the kind.
_LEAST_WEIGHT = 0.01


def fit_errors(
    observed: Observations, *, threshold: float = 0.05, facts: Mapping[str, Any] | None = None
) -> DetectorErrors:
    """The errors that explain some detections best.

    Found joints are explained by a mixture of the four errors of `DetectorErrors`, fitted by
    expectation and maximisation; misses are counted. Causes with fewer than ``MIN_OF_CAUSE``
    joints get the numbers of all causes together.

    Args:
        observed: Detections beside the truth.
        threshold: A joint counts as found with a confidence above this.
        facts: Kept in the result.

    Raises:
        ValueError: the detector found none of the joints.
    """
    joints = get_keypoint_set(observed.keypoint_set)
    is_found = observed.present & (observed.detections[..., 2] > threshold)
    if not is_found.any():
        raise ValueError(
            f'none of {int(observed.present.sum())} joints of {len(observed)} people has a '
            f'confidence above {threshold}; are these the detections of the same pictures?'
        )
    counts = np.bincount(observed.causes[observed.present], minlength=len(Visibility))
    measured = counts >= MIN_OF_CAUSE
    found = _found_joints(observed, is_found, joints.flip_indices)
    mixture = fit_mixture(found, measured)
    mixture.side_swap[joints.flip_indices == np.arange(joints.num)] = 0
    right = shares_of_origins(found, mixture)[0]
    return DetectorErrors(
        keypoint_set=joints.name,
        threshold=threshold,
        **vars(mixture),
        miss=_miss_rates(observed, is_found, measured),
        confidence=_confidences(found, right, measured),
        wrong_confidence=_quantiles(found.score, 1 - right),
        measured=tuple(name for name, is_one in zip(CAUSES, measured, strict=True) if is_one),
        facts={
            **(facts or {}),
            'people': len(observed),
            'joints': int(observed.present.sum()),
            'found': int(is_found.sum()),
            'by_cause': dict(zip(CAUSES, counts.tolist(), strict=True)),
            'false_confidence': _false_confidence(found.score, right),
        },
    )


def _found_joints(observed: Observations, is_found: np.ndarray, mirror: np.ndarray) -> FoundJoints:
    places = observed.detections[..., :2]
    swapped = np.where(observed.present[:, mirror, None], observed.keypoints[:, mirror], np.nan)
    swapped[:, mirror == np.arange(len(mirror))] = np.nan
    targets = np.stack([observed.keypoints, swapped, observed.neighbours])
    offsets = (places - targets) / observed.sizes[:, None, None]
    squared = np.square(offsets).sum(axis=-1)[:, is_found]
    return FoundJoints(
        joint=np.nonzero(is_found)[1],
        cause=observed.causes[is_found],
        squared=np.where(np.isnan(squared), np.inf, squared),
        score=observed.detections[..., 2][is_found],
        num_joints=len(mirror),
    )


def _miss_rates(observed: Observations, is_found: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Shares (6, K) of known joints that were not found."""

    def rates(chosen: np.ndarray) -> np.ndarray:
        total, hits = chosen.sum(axis=0), (chosen & ~is_found).sum(axis=0)
        pooled = hits.sum() / max(total.sum(), 1)
        return (hits + PRIOR_COUNT * pooled) / (total + PRIOR_COUNT)

    of_cause = [observed.present & (observed.causes == code) for code in range(len(measured))]
    everything = rates(observed.present)
    return np.stack(
        [
            rates(chosen) if one else everything
            for chosen, one in zip(of_cause, measured, strict=True)
        ]
    )


def _confidences(found: FoundJoints, right: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Quantiles (6, Q) of the confidence of joints at their place."""
    everything = _quantiles(found.score, right)
    rows = []
    for code, is_one in enumerate(measured):
        of_cause = found.cause == code
        chosen = is_one and of_cause.any()
        rows.append(_quantiles(found.score, right * of_cause) if chosen else everything)
    return np.stack(rows)


def _quantiles(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Quantiles (Q,) at equal steps of weighted values."""
    if not (weights > _LEAST_WEIGHT).any():
        weights = np.ones_like(weights)
    values, weights = values[weights > _LEAST_WEIGHT], weights[weights > _LEAST_WEIGHT]
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    places = np.linspace(reached[0], reached[-1], NUM_QUANTILES)
    return np.interp(places, reached, values[order])


def _false_confidence(score: np.ndarray, right: np.ndarray) -> float:
    """Share of wrong joints among those with at least the median confidence of right ones."""
    certain = score >= _quantiles(score, right)[NUM_QUANTILES // 2]
    return round(float(1 - right[certain].mean()), 4)
