"""How a 2D keypoint detector errs, as numbers that can be drawn from and kept in a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dpmesh_plugin.structures import Visibility, get_keypoint_set
from dpmesh_plugin.utils.io import dump_json, load_json

VERSION = 1
# A joint of another person counts as mixed up only this near, in sizes of the person.
NEIGHBOUR_REACH = 1.0
# Confidences are kept as quantiles at equal steps from the least to the greatest.
NUM_QUANTILES = 11
CAUSES = tuple(cause.name.lower() for cause in Visibility)
# Stands for every cause that was not measured.
ANY = 'any'
_PER_JOINT = ('jitter', 'wild_share', 'side_swap', 'person_swap')


@dataclass(frozen=True, kw_only=True)
class DetectorErrors:
    """Rates and sizes of the errors of one detector, for K joints and the causes of `Visibility`.

    The size of a person is the root of the area of the annotated box. A joint is missed, or taken
    from the nearest other person (``person_swap``, where that joint is nearer than one size), or
    else from the other side of the body (``side_swap``), or found at its place. There it is off by
    a normally distributed error per axis: ``jitter * spread`` sizes, or ``wild_jitter`` sizes
    in ``wild_share`` of the cases. Joints err independently of each other.

    Args:
        keypoint_set: Set of the detector's joints.
        threshold: A joint counts as found with a confidence above this.
        jitter: (K,) standard deviation per axis where a joint is visible, sizes of the person.
        spread: (6,) factor on it by cause.
        wild_share: (K,) share of wild errors.
        wild_jitter: Standard deviation per axis of those, sizes of the person.
        side_swap: (K,) share of joints taken from the other side.
        person_swap: (K,) share of joints taken from another person, where one is near.
        miss: (6, K) share of joints missed, by cause.
        confidence: (6, Q) quantiles of the confidence of joints found at their place, by cause.
        wrong_confidence: (Q,) of those that are wild or taken from elsewhere.
        measured: Names of the causes that were measured; all others have the same values.
        facts: What it was measured on, for people to read.

    Raises:
        KeyError: unknown keypoint set or cause.
        ValueError: an array has another shape, or numbers that are no shares or sizes.
    """

    keypoint_set: str
    threshold: float
    jitter: np.ndarray
    spread: np.ndarray
    wild_share: np.ndarray
    wild_jitter: float
    side_swap: np.ndarray
    person_swap: np.ndarray
    miss: np.ndarray
    confidence: np.ndarray
    wrong_confidence: np.ndarray
    measured: tuple[str, ...] = CAUSES
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        joints, causes = get_keypoint_set(self.keypoint_set).num, len(Visibility)
        shapes = dict.fromkeys(_PER_JOINT, (joints,)) | {
            'spread': (causes,),
            'miss': (causes, joints),
            'confidence': (causes, NUM_QUANTILES),
            'wrong_confidence': (NUM_QUANTILES,),
        }
        for name, shape in shapes.items():
            value = np.asarray(getattr(self, name), np.float64)
            if value.shape != shape or not np.isfinite(value).all() or value.min() < 0:
                raise ValueError(
                    f'{name} must be {shape} numbers of at least 0, got shape {value.shape} with '
                    f'values {value.ravel()[:4].tolist()} ...'
                )
            object.__setattr__(self, name, value)
        for name in ('wild_share', 'side_swap', 'person_swap', 'miss'):
            if getattr(self, name).max() > 1:
                raise ValueError(f'{name} holds shares, expected at most 1')
        unknown = sorted(set(self.measured) - set(CAUSES))
        if unknown:
            raise KeyError(f'unknown causes {unknown}; known: {", ".join(CAUSES)}')


def write_errors(errors: DetectorErrors, path: str | Path) -> None:
    """Write to a JSON file; ``any`` stands for every cause that was not measured."""
    joints = get_keypoint_set(errors.keypoint_set).names
    rows = {cause: CAUSES.index(cause) for cause in CAUSES if cause in errors.measured}
    others = [row for row, cause in enumerate(CAUSES) if cause not in errors.measured]
    if others:
        rows[ANY] = others[0]

    def by_cause(table: np.ndarray, listed: Callable[[Any], Any]) -> dict:
        return {cause: listed(table[row]) for cause, row in rows.items()}

    def by_joint(values: np.ndarray) -> dict[str, float]:
        return {name: round(float(v), 5) for name, v in zip(joints, values, strict=True)}

    def numbers(values: np.ndarray) -> list[float]:
        return np.round(values, 4).tolist()

    content = {
        'version': VERSION,
        'keypoint_set': errors.keypoint_set,
        'threshold': errors.threshold,
        **{name: by_joint(getattr(errors, name)) for name in _PER_JOINT},
        'wild_jitter': round(float(errors.wild_jitter), 5),
        'spread': by_cause(errors.spread, lambda value: round(float(value), 4)),
        'miss': by_cause(errors.miss, by_joint),
        'confidence': by_cause(errors.confidence, numbers),
        'wrong_confidence': numbers(errors.wrong_confidence),
        'facts': dict(errors.facts),
    }
    dump_json(content, path)


def read_errors(path: str | Path) -> DetectorErrors:
    """Read a file written by :func:`write_errors`.

    Raises:
        FileNotFoundError: there is no such file.
        KeyError: an entry or a joint is missing.
        ValueError: another version, or numbers that are no shares or sizes.
    """
    where, content = Path(path).absolute(), load_json(path)
    if not isinstance(content, dict) or content.get('version') != VERSION:
        found = content.get('version') if isinstance(content, dict) else type(content).__name__
        raise ValueError(
            f'{where}: expected detector errors of version {VERSION}, got {found!r}; write it '
            'with tools/dataset_converters/fit_keypoint_noise.py'
        )
    try:
        joints = get_keypoint_set(content.get('keypoint_set')).names
    except KeyError as error:
        raise KeyError(f'{where}: {error.args[0]}') from None
    try:

        def by_joint(table: Mapping[str, float]) -> list[float]:
            return [table[name] for name in joints]

        def by_cause(table: Mapping[str, Any]) -> list:
            return [table[cause if cause in table else ANY] for cause in CAUSES]

        return DetectorErrors(
            keypoint_set=content['keypoint_set'],
            threshold=float(content['threshold']),
            wild_jitter=float(content['wild_jitter']),
            spread=by_cause(content['spread']),
            miss=[by_joint(table) for table in by_cause(content['miss'])],
            confidence=by_cause(content['confidence']),
            wrong_confidence=content['wrong_confidence'],
            measured=tuple(cause for cause in CAUSES if cause in content['miss']),
            facts=content.get('facts', {}),
            **{name: by_joint(content[name]) for name in _PER_JOINT},
        )
    except KeyError as error:
        raise KeyError(f'{where}: no entry {error.args[0]!r}') from None
    except (ValueError, TypeError) as error:
        raise ValueError(f'{where}: {error}') from None
