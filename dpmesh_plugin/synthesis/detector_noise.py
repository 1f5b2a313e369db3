"""What a 2D keypoint detector would say about a rendered person.

The model is our own guess at how detectors behave under occlusion, not fitted to one: visible
joints are found to about one percent of the person's size, hidden ones are guessed from the rest
of the body, and sometimes sides or neighbours are mixed up.
"""

from collections.abc import Sequence

import numpy as np

from dpmesh_plugin.structures import Visibility, get_keypoint_set

KEYPOINT_SET = 'openpose_18'
_SET = get_keypoint_set(KEYPOINT_SET)
# Per code: jitter as a share of the person's size, Beta parameters of the confidence, and how
# often the joint is missed.
_NOISE = {
    Visibility.VISIBLE: (0.010, (9.0, 2.0), 0.015),
    Visibility.SELF_OCCLUDED: (0.026, (4.0, 3.5), 0.12),
    Visibility.OCCLUDED_BY_PERSON: (0.050, (2.4, 4.0), 0.30),
    Visibility.OCCLUDED_BY_OBJECT: (0.050, (2.0, 4.5), 0.38),
    Visibility.TRUNCATED: (0.0, (1.0, 1.0), 1.0),
    Visibility.UNKNOWN: (0.0, (1.0, 1.0), 1.0),
}
_JITTER = np.array([_NOISE[code][0] for code in Visibility])
_CONFIDENCE = np.array([_NOISE[code][1] for code in Visibility])
_MISS = np.array([_NOISE[code][2] for code in Visibility])
# Legs or arms of both sides are exchanged this often; more often seen from behind in life.
SIDE_SWAP_SHARE = 0.03
# A hidden joint jumps to the same joint of a neighbour nearer than this part of the own size.
NEIGHBOUR_SWAP_SHARE, NEIGHBOUR_REACH = 0.25, 0.5
# Confidence of a joint taken from the wrong side or person.
_SWAP_CONFIDENCE = (4.0, 3.0)
_LIMBS = (('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle'))


def person_size(keypoints: np.ndarray) -> float:
    """Scale of a person in px: the root of the area of the box around keypoints (K, 2)."""
    return float(np.sqrt(max(np.prod(np.ptp(keypoints, axis=0)), 1.0)))


def detect_keypoints(
    rng: np.random.Generator,
    keypoints: np.ndarray,
    visibility: np.ndarray,
    neighbours: Sequence[np.ndarray] = (),
) -> np.ndarray:
    """Noisy keypoints with confidences in the set ``openpose_18``.

    Args:
        rng: Source of randomness.
        keypoints: (18, 2) true positions in px.
        visibility: (18,) codes of :class:`Visibility`.
        neighbours: True positions (18, 2) of the other people in the image.

    Returns:
        (18, 3) x, y in px and confidence in 0..1; a missed joint is (0, 0, 0).
    """
    size = person_size(keypoints)
    codes = np.asarray(visibility, np.int64)
    found = keypoints + rng.normal(size=keypoints.shape) * _JITTER[codes][:, None] * size
    confidence = rng.beta(*_CONFIDENCE[codes].T)
    missed = rng.random(len(codes)) < _MISS[codes]
    hidden = (codes != Visibility.VISIBLE) & (codes != Visibility.TRUNCATED)
    for other in neighbours:
        near = np.linalg.norm(other - keypoints, axis=1) < NEIGHBOUR_REACH * size
        taken = hidden & near & (rng.random(len(codes)) < NEIGHBOUR_SWAP_SHARE)
        found[taken] = other[taken] + rng.normal(size=(taken.sum(), 2)) * _JITTER[0] * size
        confidence[taken] = rng.beta(*_SWAP_CONFIDENCE, taken.sum())
    for limb in _LIMBS:
        if rng.random() < SIDE_SWAP_SHARE:
            left, right = ([_SET.index(f'{side}_{part}') for part in limb]
                           for side in ('left', 'right'))  # fmt: skip
            for values in (found, confidence, missed):
                values[left + right] = values[right + left]
    return np.concatenate([found, confidence[:, None]], axis=1) * ~missed[:, None]
