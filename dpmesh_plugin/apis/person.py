"""People in an image, as keypoint files and detectors give them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .joint_layouts import Layout


@dataclass(frozen=True)
class Person:
    """What is known about one person of an image.

    Args:
        person_id: Id of the annotation, or position in the file.
        keypoints: (K, 2) px of the image.
        scores: (K,) confidences; 0 for an absent joint.
        keypoint_set: Name of the set of the joints.
        bbox_xywh: (4,) px of the image, if there is one.
    """

    person_id: int
    keypoints: np.ndarray
    scores: np.ndarray
    keypoint_set: str
    bbox_xywh: np.ndarray | None

    @property
    def is_finite(self) -> bool:
        """Whether keypoints, scores and box are numbers; one NaN makes nothing of a person."""
        box = () if self.bbox_xywh is None else self.bbox_xywh
        return all(np.isfinite(each).all() for each in (self.keypoints, self.scores, box))


@dataclass(frozen=True)
class ImageKeypoints:
    """The persons of one image.

    Args:
        name: File name, maybe with folders; without suffix or a number where the format has that.
            Empty where the persons are those of one image in memory.
        persons: The persons.
        size: Width and height that the file states for the image.
    """

    name: str
    persons: tuple[Person, ...]
    size: tuple[int, int] | None = None


def make_person(
    person_id: int, joints: np.ndarray, bbox: Sequence[float] | np.ndarray | None, layout: Layout
) -> Person:
    """A person whose joints are sorted into a keypoint set; those that are not there score 0.

    Args:
        person_id: Id of the annotation, or position in the file.
        joints: (K', 3) x, y in px of the image, and score, in the order of the source.
        bbox: (4,) (x, y, w, h) px of the image, if there is one.
        layout: Where in the source the joints of the set are.
    """
    known = (layout.positions >= 0)[:, None]
    ordered = np.where(known, joints[layout.positions], np.float32(0))
    box = None if bbox is None else np.array(bbox, dtype=np.float32)
    return Person(person_id, ordered[:, :2], ordered[:, 2], layout.keypoint_set, box)
