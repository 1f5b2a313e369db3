"""Errors of a 2D pose estimator after PoseFix: jitter, inversion, swap and miss."""

from dataclasses import dataclass

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.geometry.affine import apply_affine
from dpmesh_plugin.geometry.boxes import box_iou
from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import get_keypoint_set, keypoint_map

from .randomness import new_generator

COCO = get_keypoint_set('coco_17')
# Per-joint constants of the COCO keypoint similarity.
SIGMAS = (
    np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89], np.float64)
    / 1000
)
# Similarities that bound the errors: good above .85, jitter above .5, miss above .1.
SIMILARITIES = np.array([0.85, 0.5, 0.1])
ERRORS = ('good', 'jitter', 'inversion', 'swap', 'miss')
# Candidates per centre after which an error counts as impossible (published numbers).
_TRIES = {'good': 125, 'jitter': 500, 'inversion': 500, 'swap': 500, 'miss': 2000}
_FIRST_TRIES = 8
# A miss beside somebody else's joint, or the own mirror joint, is rarer than beside the own one.
_FOREIGN_MISS = 0.25
_OVERLAP = 0.1

_GROUPS = 'nose face face face face shoulder shoulder arm arm arm arm hip hip knee knee ankle ankle'
_GROUP_NAMES = ('nose', 'face', 'shoulder', 'arm', 'hip', 'knee', 'ankle')
_GROUP = np.array([_GROUP_NAMES.index(group) for group in _GROUPS.split()])
# Rates by group: nose, face, shoulder, arm, hip, knee, ankle.
_JITTER = {
    10: (0.15, 0.20, 0.20, 0.20, 0.25, 0.15, 0.15),
    17: (0.10, *[0.15] * 3, 0.20, 0.10, 0.10),
}
_MISS = {
    5: (0.15, 0.15, 0.20, 0.25, 0.25, 0.25, 0.20),
    10: (0.10, 0.10, 0.13, 0.15, 0.15, 0.15, 0.13),
    17: (0.02, 0.02, 0.05, 0.10, 0.10, 0.10, 0.05),
}
_INVERSION = (0.01, 0.01, 0.03, 0.03, 0.06, 0.06, 0.06)
_SWAP_CROWDED = (0.02, 0.02, 0.15, 0.15, 0.10, 0.10, 0.10)
_SWAP = (0.01, 0.01, 0.06, 0.06, 0.03, 0.03, 0.03)


@TRANSFORMS.register_module()
class PoseFixNoise(BaseTransform):
    """Disturb the prompt as the published training does.

    Required keys: ``prompt_keypoints`` (30, 2) px of the crop, ``prompt_scores`` (30,): joints with
    a score of 0 are not annotated, ``prompt_known`` (30,), ``prompt_set``; ``bbox_xywh`` (4,) px of
    the image; ``warp_mat`` (2, 3).

    Optional keys: ``neighbours`` (M, 17, 3): x and y in px of the image and score of the
    ``coco_17`` joints of other people, ``neighbour_boxes`` (M, 4) px of the image.

    Modified keys: ``prompt_keypoints``: the known joints of ``coco_17``; the others stay exact.

    Source: Moon et al., CVPR 2019, in the form of the DPMesh release;
    candidates are drawn one after the other instead of all at once, which gives the same
    distribution. Neighbours' joints that are not annotated are left out; the release takes them.
    """

    keypoint_errors = 'errors of PoseFix'

    def transform(self, results: dict) -> dict:
        """Disturb the prompt of one person."""
        order = keypoint_map(results['prompt_set'], 'coco_17')
        joints = np.zeros((COCO.num, 3))
        joints[:, :2] = results['prompt_keypoints'][order]
        joints[:, 2] = results['prompt_scores'][order]
        matrix = np.asarray(results['warp_mat'], np.float64)
        neighbours = np.array(results.get('neighbours', np.zeros((0, COCO.num, 3))), np.float64)
        neighbours[..., :2] = apply_affine(neighbours[..., :2], matrix)
        boxes = results.get('neighbour_boxes', np.zeros((0, 4)))
        overlapping = int((box_iou(results['bbox_xywh'], boxes) >= _OVERLAP).sum())
        area = results['bbox_xywh'][2:].prod() * abs(np.linalg.det(matrix[:, :2]))
        noisy = disturb_keypoints(joints, neighbours, overlapping, float(area), new_generator())
        keypoints = results['prompt_keypoints'].copy()
        known = results['prompt_known'][order]
        keypoints[order[known]] = noisy[known, :2]
        results['prompt_keypoints'] = keypoints
        return results


def disturb_keypoints(
    joints: np.ndarray,
    neighbours: np.ndarray,
    num_overlapping: int,
    area: float,
    generator: np.random.Generator,
) -> np.ndarray:
    """Draw what a pose estimator might have said.

    Joints are taken in order and written back at once, so the second joint of a pair may be mixed
    up with where the first one went.

    Args:
        joints: (17, 3) of ``coco_17``: x, y in px and 1 where annotated.
        neighbours: (M, 17, 3) of other people, in the same way.
        num_overlapping: How many people's boxes overlap this one's.
        area: Area of the person's tight box, px^2.
        generator: Source of randomness.

    Returns:
        (17, 3); the third column is 1, or 0 with (0, 0) where no error was possible.
    """
    annotated = joints[:, 2] > 0
    rates = error_rates(int(annotated.sum()), num_overlapping)
    limits = similarity_distances(area)
    points = joints[:, 0] + 1j * joints[:, 1]  # px; x and y as one number are quick to move about
    x, y, score = np.moveaxis(neighbours, -1, 0)
    others = np.where(score > 0, x + 1j * y, np.nan)
    possible = np.ones(COCO.num)
    for joint in range(COCO.num):
        references = _References.of(points, annotated, others, joint)
        point = _draw_point(references, limits[joint], rates[:, joint], generator)
        points[joint], possible[joint] = (0, 0) if point is None else (point, 1)
    return np.column_stack([points.real, points.imag, possible])


def similarity_distances(area: float) -> np.ndarray:
    """Distances (17, 3) in px at which the keypoint similarity is .85, .5 and .1."""
    return np.sqrt(-2 * area * np.log(SIMILARITIES)) * (2 * SIGMAS[:, None])


def error_rates(num_visible: int, num_overlapping: int) -> np.ndarray:
    """Probabilities (5, 17) of ``ERRORS`` per joint.

    Args:
        num_visible: How many of the 17 joints are annotated.
        num_overlapping: How many people's boxes overlap this one's.
    """
    crowded = (num_visible <= 10 and num_overlapping > 0) or (
        num_visible <= 15 and num_overlapping >= 3
    )
    rates = np.zeros((len(ERRORS), COCO.num))
    rates[1] = _by_group(_JITTER[10 if num_visible <= 10 else 17])
    rates[2] = _by_group(_INVERSION)
    rates[3] = _by_group(_SWAP_CROWDED if crowded else _SWAP)
    rates[4] = _by_group(_MISS[5 if num_visible <= 5 else 10 if num_visible <= 10 else 17])
    rates[0] = 1 - rates.sum(axis=0)
    return rates


def _by_group(values: tuple[float, ...]) -> np.ndarray:
    return np.array(values)[_GROUP]


@dataclass(frozen=True)
class _References:
    """What a joint may be mixed up with.

    Args:
        points: (R,) x + iy in px; the joint itself, the same joint of the neighbours, the own
            mirror joint, the mirror joint of the neighbours.
        has_mirror: Whether the own mirror joint is among them.
        mirror: Its position. Where it is missing, the published code takes what stands in its place
            for it: the first mirror joint of the neighbours. None where nothing does.
    """

    points: np.ndarray
    has_mirror: bool
    mirror: int | None

    @classmethod
    def of(
        cls, joints: np.ndarray, annotated: np.ndarray, neighbours: np.ndarray, joint: int
    ) -> '_References':
        """Collect the references of a joint.

        Args:
            joints: (17,) x + iy in px, partly disturbed already.
            annotated: (17,) which of them are annotated.
            neighbours: (M, 17) likewise, NaN where not annotated.
            joint: Index of the joint.
        """
        other = COCO.flip_indices[joint]
        same = neighbours[:, joint]
        same = same[same == same]
        points, has_mirror = [joints[joint : joint + 1], same], False
        if other != joint:
            has_mirror = bool(annotated[other])
            mirrors = neighbours[:, other]
            points += [joints[other : other + 1][: int(has_mirror)], mirrors[mirrors == mirrors]]
        stacked = np.concatenate(points)
        position = 1 + len(same)
        return cls(stacked, has_mirror, position if position < len(stacked) else None)

    def around(self, error: str) -> tuple[np.ndarray, np.ndarray]:
        """Centres of an error with their weights; there may be none."""
        indices = np.arange(len(self.points))
        if error in ('good', 'jitter'):
            centres = indices[:1]
        elif error == 'inversion':
            centres = indices[[self.mirror]] if self.has_mirror else indices[:0]
        elif error == 'swap':
            centres = indices[(indices != 0) & (indices != self.mirror)]
        else:
            return indices, np.where(indices == 0, 1, _FOREIGN_MISS)
        return centres, np.ones(len(centres))

    def repellers(self, error: str) -> np.ndarray:
        """Positions of the points an error must not come too near to, but for its own centre."""
        if error == 'swap':
            return np.array([0] if self.mirror is None else [0, self.mirror])
        return np.arange(len(self.points))


def _draw_point(
    references: _References, limits: np.ndarray, rates: np.ndarray, generator: np.random.Generator
) -> complex | None:
    """Choose an error and draw from it; an impossible one leaves its rate to the others."""
    good, jitter, miss = limits
    radii = {'good': (0, good), 'jitter': (good, jitter), 'miss': (jitter, miss)}
    rates = rates.copy()
    while rates.sum() > 0:
        index = int(np.searchsorted(rates.cumsum(), generator.random() * rates.sum(), 'right'))
        error = ERRORS[index]
        low, high = radii.get(error, (0, jitter))
        point = _draw_error(references, error, low, high, generator)
        if point is not None:
            return point
        rates[index] = 0
    return None


def _draw_error(
    references: _References, error: str, low: float, high: float, generator: np.random.Generator
) -> complex | None:
    """The first candidate of an error that is not rather another one, or None."""
    centres, weights = references.around(error)
    if not len(centres):
        return None
    repellers, shares = references.repellers(error), weights.cumsum() / weights.sum()
    for count in (_FIRST_TRIES, _TRIES[error] * len(centres) - _FIRST_TRIES):
        which, turn, reach = generator.random((3, count))
        chosen = centres[shares.searchsorted(which, 'right')]
        radius = low + (high - low) * reach
        points = references.points[chosen] + radius * np.exp(2j * np.pi * turn)
        gaps = np.abs(points[:, None] - references.points[repellers])
        gaps[chosen[:, None] == repellers] = np.inf
        bound = low if error == 'miss' else radius[:, None]
        survivors = (gaps > bound).all(axis=1)
        first = survivors.argmax()
        if survivors[first]:
            return points[first]
    return None
