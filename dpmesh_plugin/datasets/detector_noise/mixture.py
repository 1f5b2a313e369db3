"""What explains where the joints were found: a mixture, fitted by expectation and maximisation."""

from dataclasses import dataclass

import numpy as np

from dpmesh_plugin.structures import Visibility

# Every rate of a joint is drawn towards that of all joints as if seen so often there.
PRIOR_COUNT = 5.0
# Rates and sizes (in sizes of the person) to start from; wild errors stay so many times larger
# than the others.
START_RATE, WILD_JITTER, WILD_FACTOR = 0.02, 0.3, 3.0
MAX_ROUNDS, TOLERANCE = 300, 1e-5
_SMALLEST = 1e-4
_MEDIAN_OF_RAYLEIGH = 1.1774


@dataclass
class Mixture:
    """Parameters of the errors of found joints; names as in `DetectorErrors`."""

    jitter: np.ndarray
    spread: np.ndarray
    wild_jitter: float
    wild_share: np.ndarray
    side_swap: np.ndarray
    person_swap: np.ndarray

    def as_row(self) -> np.ndarray:
        """All parameters one after the other."""
        return np.concatenate([np.atleast_1d(value).ravel() for value in vars(self).values()])


@dataclass(frozen=True)
class FoundJoints:
    """Found joints one after the other; squared distances in squared sizes of the person.

    Args:
        joint: (F,) index of the joint.
        cause: (F,) code.
        squared: (3, F) to the own joint, the mirror joint, the other person's joint; inf where
            there is none.
        score: (F,) confidences.
        num_joints: K.
    """

    joint: np.ndarray
    cause: np.ndarray
    squared: np.ndarray
    score: np.ndarray
    num_joints: int

    def sum_by_joint(self, weights: np.ndarray) -> np.ndarray:
        """Sums (K,) of weights (F,)."""
        return np.bincount(self.joint, weights, self.num_joints)


def fit_mixture(found: FoundJoints, measured: np.ndarray) -> Mixture:
    """The mixture that explains found joints best.

    Args:
        found: The joints.
        measured: (6,) which causes get a spread of their own.
    """
    count = found.num_joints
    own = np.sqrt(found.squared[0])
    everywhere = max(float(np.median(own)) / _MEDIAN_OF_RAYLEIGH, _SMALLEST)
    medians = [
        np.median(own[found.joint == joint]) if (found.joint == joint).any() else np.nan
        for joint in range(count)
    ]
    jitter = np.nan_to_num(np.array(medians) / _MEDIAN_OF_RAYLEIGH, nan=everywhere)
    rates = [np.full(count, START_RATE) for _ in range(3)]
    spread = np.ones(len(Visibility))
    mixture = Mixture(jitter.clip(_SMALLEST), spread, WILD_JITTER, *rates)
    for _ in range(MAX_ROUNDS):
        before = mixture.as_row()
        mixture = _improved(found, mixture, measured)
        if np.abs(mixture.as_row() - before).max() < TOLERANCE:
            break
    return mixture


def shares_of_origins(found: FoundJoints, mixture: Mixture) -> np.ndarray:
    """How likely each found joint (4, F) is in place, wild, from the other side, of another."""
    joint, (own, mirrored, strange) = found.joint, found.squared
    variance = np.square(mixture.jitter[joint] * mixture.spread[found.cause])
    wide = np.full(len(joint), np.square(mixture.wild_jitter))
    stranger = np.where(np.isfinite(strange), mixture.person_swap[joint], 0)
    swap = np.where(np.isfinite(mirrored), mixture.side_swap[joint], 0) * (1 - stranger)
    stays, wild = 1 - stranger - swap, mixture.wild_share[joint]
    chances = np.stack([stays * (1 - wild), stays * wild, swap, stranger])
    squared = np.stack([own, own, mirrored, strange])
    variances = np.stack([variance, wide, variance, variance])
    with np.errstate(divide='ignore'):
        logs = np.log(chances) - np.log(variances) - squared / (2 * variances)
    likelihood = np.exp(logs - logs.max(axis=0))
    return likelihood / likelihood.sum(axis=0)


def _improved(found: FoundJoints, mixture: Mixture, measured: np.ndarray) -> Mixture:
    """One round: who explains what, then what explains that best."""
    shares = shares_of_origins(found, mixture)
    right, wild, swapped, strange = shares
    exact = shares[[0, 2, 3]]
    squared = np.where(exact > 0, found.squared, 0)
    moved, weight = (exact * squared).sum(axis=0), 2 * exact.sum(axis=0)
    spread_of = mixture.spread[found.cause]
    variance = _ratio(found.sum_by_joint(moved / spread_of**2), found.sum_by_joint(weight))
    jitter = np.sqrt(np.where(np.isnan(variance), mixture.jitter**2, variance)).clip(_SMALLEST)
    wild_variance = (wild * found.squared[0]).sum() / max(2 * wild.sum(), _SMALLEST)
    return Mixture(
        jitter=jitter,
        spread=_spread(found, moved / jitter[found.joint] ** 2, weight, measured),
        wild_jitter=float(max(np.sqrt(wild_variance), WILD_FACTOR * np.median(jitter))),
        wild_share=_rate(found, wild, right + wild),
        side_swap=_rate(found, swapped, (1 - strange) * np.isfinite(found.squared[1])),
        person_swap=_rate(found, strange, np.isfinite(found.squared[2]) * 1.0),
    )


def _spread(
    found: FoundJoints, moved: np.ndarray, weight: np.ndarray, measured: np.ndarray
) -> np.ndarray:
    """Factor (6,) on the jitter by cause, 1 for the first measured one."""
    if not measured.any():
        return np.ones(len(measured))
    codes = np.where(measured[found.cause], found.cause, len(measured))
    moved, weight = (np.bincount(codes, v, len(measured) + 1)[:-1] for v in (moved, weight))
    pooled = moved.sum() / max(weight.sum(), _SMALLEST)
    variance = np.where(measured & (weight > 0), moved / np.maximum(weight, _SMALLEST), pooled)
    reference = variance[np.flatnonzero(measured)[0]]
    return np.sqrt(variance / max(reference, _SMALLEST**2))


def _rate(found: FoundJoints, hits: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Hits over chances (K,), drawn towards that of all joints."""
    pooled = hits.sum() / max(chances.sum(), 1)
    return (found.sum_by_joint(hits) + PRIOR_COUNT * pooled) / (
        found.sum_by_joint(chances) + PRIOR_COUNT
    )


def _ratio(amount: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Amount over weight, NaN where there is none."""
    return np.where(weight > 0, amount / np.maximum(weight, _SMALLEST), np.nan)
