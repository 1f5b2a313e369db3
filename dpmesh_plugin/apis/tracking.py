"""The same person in the frames of a video, by overlap of boxes and similarity of keypoints."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dpmesh_plugin.geometry.boxes import box_iou, keypoint_box
from dpmesh_plugin.geometry.matching import match_greedily

from .person import Person

# Twice the mean of COCO's standard deviations, so that joint sets without published ones compare.
OKS_CONSTANT = 0.134
MIN_SCORE = 0.05
"""Keypoints below this confidence say nothing, as in the prompt of the model."""


def keypoint_similarity(
    first: np.ndarray, second: np.ndarray, shared: np.ndarray, area: float
) -> float:
    """Object keypoint similarity (OKS) of two poses, with one constant for all joints.

    Convention: 1 where the joints lie on each other, ``exp(-0.5)`` at a distance of 0.134 times the
    square root of the area.

    Args:
        first: (K, 2) px.
        second: (K, 2) px.
        shared: (K,) bool, joints that both have; at least one.
        area: Area of the person, px^2.

    Source: the evaluation of COCO keypoints.
    """
    squared = np.square(first[shared] - second[shared]).sum(axis=1)
    return float(np.exp(-squared / (2 * area * OKS_CONSTANT**2)).mean())


def person_similarity(first: Person, second: Person) -> float:
    """How much two persons look like one, 0..1: mean of box overlap and keypoint similarity.

    Without joints that both have, the overlap alone; without boxes 0.
    """
    boxes = person_box(first), person_box(second)
    if boxes[0] is None or boxes[1] is None:
        return 0.0
    overlap = float(box_iou(*boxes))
    area = (boxes[0][2:].prod() + boxes[1][2:].prod()) / 2
    if first.keypoint_set != second.keypoint_set or area <= 0:
        return overlap
    shared = (first.scores > MIN_SCORE) & (second.scores > MIN_SCORE)
    if not shared.any():
        return overlap
    return (overlap + keypoint_similarity(first.keypoints, second.keypoints, shared, area)) / 2


def person_box(person: Person) -> np.ndarray | None:
    """Box (4,) around the confident keypoints, px; else the given one; None without either.

    Someone with values that are not finite has none, and so is like nobody.
    """
    if not person.is_finite:
        return None
    confident = person.scores > MIN_SCORE
    return keypoint_box(person.keypoints, confident) if confident.any() else person.bbox_xywh


@dataclass
class _Track:
    person_id: int
    person: Person
    frame: int


class PersonTracker:
    """Gives the persons of successive frames ids that stay; needs the last sight of everyone only.

    Args:
        max_gap: Frames that someone may be missing and still be known.
        min_similarity: Least :func:`person_similarity` to someone's last sight.
    """

    def __init__(self, *, max_gap: int = 12, min_similarity: float = 0.3) -> None:
        self.max_gap = max_gap
        self.min_similarity = min_similarity
        self._tracks: list[_Track] = []
        self._num_ids = 0

    def update(self, frame: int, persons: Sequence[Person]) -> list[int]:
        """Ids of the persons of the next frame.

        Args:
            frame: Its number; numbers rise.
            persons: The persons in it.
        """
        self._tracks = [t for t in self._tracks if frame - t.frame <= self.max_gap + 1]
        similarity = np.array(
            [[person_similarity(t.person, person) for person in persons] for t in self._tracks]
        ).reshape(len(self._tracks), len(persons))
        found = {
            column: self._tracks[row]
            for row, column in match_greedily(similarity, self.min_similarity)
        }
        ids = []
        for column, person in enumerate(persons):
            track = found.get(column) or self._start(person)
            track.person, track.frame = person, frame
            ids.append(track.person_id)
        return ids

    def _start(self, person: Person) -> _Track:
        self._tracks.append(_Track(self._num_ids, person, -1))
        self._num_ids += 1
        return self._tracks[-1]
