"""Drawing what a detector would have said."""

from dataclasses import dataclass

import numpy as np

from dpmesh_plugin.structures import get_keypoint_set

from .detector_errors import NEIGHBOUR_REACH, NUM_QUANTILES, DetectorErrors


@dataclass(frozen=True)
class TruePerson:
    """What there was to be detected, K joints of the detector's set.

    Args:
        keypoints: (K, 2) px.
        present: (K,) which of them are known.
        causes: (K,) codes of `Visibility`.
        size: Root of the area of the box, px.
        neighbour: (K, 2) the same joint of the nearest other person, px; NaN where there is none.
    """

    keypoints: np.ndarray
    present: np.ndarray
    causes: np.ndarray
    size: float
    neighbour: np.ndarray


def nearest_joints(keypoints: np.ndarray, others: np.ndarray, size: float) -> np.ndarray:
    """For every joint the same one of the person in whom it is nearest.

    Args:
        keypoints: (K, 2) px.
        others: (M, K, 2) px of other people, NaN where not known.
        size: Root of the area of the person's box, px.

    Returns:
        (K, 2) px, NaN where none is within ``NEIGHBOUR_REACH`` sizes.
    """
    if not len(others):
        return np.full(keypoints.shape, np.nan)
    distance = np.linalg.norm(others - keypoints, axis=-1)
    distance = np.where(np.isfinite(distance), distance, np.inf)
    chosen = distance.argmin(axis=0), np.arange(len(keypoints))
    near = distance[chosen] <= NEIGHBOUR_REACH * size
    return np.where(near[:, None], others[chosen], np.nan)


def draw_detection(
    errors: DetectorErrors, person: TruePerson, generator: np.random.Generator
) -> np.ndarray:
    """Keypoints (K, 3): x, y in px and confidence, all 0 where missed.

    Args:
        errors: The detector.
        person: The truth.
        generator: Source of randomness.
    """
    mirror = get_keypoint_set(errors.keypoint_set).flip_indices
    count, causes = len(mirror), person.causes
    missing, stranger, swap, wild = generator.random((4, count))
    found = person.present & (missing >= errors.miss[causes, np.arange(count)])
    strange = (stranger < errors.person_swap) & np.isfinite(person.neighbour[:, 0])
    has_mirror = (mirror != np.arange(count)) & person.present[mirror]
    swapped = ~strange & has_mirror & (swap < errors.side_swap)
    off = ~strange & ~swapped & (wild < errors.wild_share)
    centres = np.where(strange[:, None], person.neighbour, person.keypoints)
    centres = np.where(swapped[:, None], person.keypoints[mirror], centres)
    sigma = np.where(off, errors.wild_jitter, errors.jitter * errors.spread[causes])
    points = centres + generator.standard_normal((count, 2)) * (sigma * person.size)[:, None]
    quantile = generator.random(count) * (NUM_QUANTILES - 1)
    steps = np.arange(NUM_QUANTILES)
    wrong = strange | swapped | off
    score = [
        np.interp(q, steps, errors.wrong_confidence if bad else errors.confidence[cause])
        for q, bad, cause in zip(quantile, wrong, causes, strict=True)
    ]
    return np.column_stack([points, score]) * found[:, None]
