"""What every detector can do."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from dpmesh_plugin.apis.person import Person
from dpmesh_plugin.geometry.boxes import keypoint_box


@runtime_checkable
class PersonSource(Protocol):
    """Whatever finds people as boxes: a person detector, or any detector of keypoints."""

    def find_boxes(self, image: np.ndarray, *, name: str | Path = '') -> np.ndarray:
        """Boxes (P, 4) of the people in an image; see :meth:`BaseDetector.find_boxes`."""
        ...

    def to(self, device: str) -> None:
        """Move to a device."""
        ...

    def facts(self) -> dict[str, str]:
        """What the boxes depend on besides the image; see :meth:`BaseDetector.facts`."""
        ...


def check_weights(path: str | Path, source: str) -> None:
    """Raise FileNotFoundError if weights are not there.

    Args:
        path: Their file.
        source: Where they come from.
    """
    if not Path(path).expanduser().is_file():
        raise FileNotFoundError(
            f'expected the weights of a detector, found none at {Path(path).absolute()}: they are '
            f'not downloaded on their own; get them from {source}'
        )


def plain_facts(detector: object) -> dict[str, str]:
    """The class of a detector and those of its public attributes that say how it works.

    They are numbers, texts, paths and lists of these, and of other detectors their facts.
    """
    facts = {'detector': type(detector).__qualname__}
    for name, value in vars(detector).items():
        if name.startswith('_'):
            continue
        if isinstance(value, PersonSource):
            facts |= {f'{name}.{key}': fact for key, fact in value.facts().items()}
        elif _is_plain(value):
            facts[name] = repr(value)
    return facts


class BaseDetector(ABC):
    """Finds people with their joints. A subclass is registered in ``DETECTORS``."""

    @abstractmethod
    def detect(self, image: np.ndarray, *, name: str | Path = '') -> tuple[Person, ...]:
        """The people in an image.

        Args:
            image: (H, W, 3) uint8 RGB.
            name: Its file name, for detectors that look images up.

        Returns:
            Persons with joints in px of the image; joints that the detector does not know, and
            those it did not find, have the score 0.
        """

    def find_boxes(self, image: np.ndarray, *, name: str | Path = '') -> np.ndarray:
        """Boxes (P, 4) (x, y, w, h) of the people, px of the image.

        Where a person has no box of its own, that of its joints with a score. Persons with values
        that are not finite are left out.
        """
        persons = self.detect(image, name=name)
        boxes = [_box_of(person) for person in persons if person.is_finite]
        return np.array([box for box in boxes if box is not None], np.float32).reshape(-1, 4)

    def to(self, device: str) -> None:  # noqa: B027, as not every detector has weights
        """Move what has weights to a device, e.g. ``'cuda:0'``; by default there is nothing."""

    def facts(self) -> dict[str, str]:
        """What its detections depend on besides the image; see :func:`plain_facts`.

        Stored detections are taken for its own only if all of this agrees. A detector with weights
        adds their checksum.
        """
        return plain_facts(self)

    @property
    def label(self) -> str:
        """Names the detector in messages and results."""
        return type(self).__name__


class TopDownDetector(BaseDetector):
    """Finds the joints of people whose boxes are known."""

    @abstractmethod
    def detect_in_boxes(self, image: np.ndarray, boxes: np.ndarray) -> tuple[Person, ...]:
        """The joints of people whose boxes are given, in the order of the boxes.

        Args:
            image: (H, W, 3) uint8 RGB.
            boxes: (P, 4) (x, y, w, h) px of the image.
        """


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return isinstance(value, str | int | float | Path | None)


def _box_of(person: Person) -> np.ndarray | None:
    if person.bbox_xywh is not None or not person.scores.any():
        return person.bbox_xywh
    return keypoint_box(person.keypoints, person.scores > 0)
