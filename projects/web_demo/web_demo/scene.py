"""A photograph with its people, as the page shows them and as the model takes them."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from dpmesh_plugin.apis.image_inputs import read_photo
from dpmesh_plugin.apis.person import Person
from dpmesh_plugin.apis.tracking import MIN_SCORE
from dpmesh_plugin.structures import get_keypoint_set

from .figure import place_absent

SHOWN_SIDE = 1280
"""Longest side in px of the picture that is sent to the page."""

NEW_PERSON_SET = 'coco_17'
MAX_PEOPLE = 50


@dataclass(frozen=True)
class Joint:
    """A joint as the page shows it.

    Args:
        x: px of the photograph.
        y: px of the photograph.
        score: Confidence, above 0.
        shown: Whether the model is given it.
    """

    x: float
    y: float
    score: float
    shown: bool


@dataclass(frozen=True)
class Figure:
    """A person as the page shows it.

    Args:
        person_id: Tells people apart.
        keypoint_set: Name of the set of its joints.
        joints: By name; joints without a place are left out.
    """

    person_id: int
    keypoint_set: str
    joints: Mapping[str, Joint]

    @classmethod
    def of_person(cls, person: Person, template: np.ndarray) -> 'Figure':
        """The figure of detected joints; absent ones are hidden and placed by the template."""
        present = person.scores > MIN_SCORE
        places, placed = place_absent(person.keypoints, present, person.keypoint_set, template)
        names = get_keypoint_set(person.keypoint_set).names
        joints = {
            name: Joint(*place.tolist(), float(score) if there else 1.0, bool(there))
            for name, place, score, there, has_place in zip(
                names, places, person.scores, present, placed, strict=True
            )
            if has_place
        }
        return cls(person.person_id, person.keypoint_set, joints)

    def to_person(self) -> Person:
        """What the model is given: joints that are not shown have the score 0."""
        members = get_keypoint_set(self.keypoint_set)
        keypoints, scores = (
            np.zeros((members.num, 2), np.float32),
            np.zeros(members.num, np.float32),
        )
        for name, joint in self.joints.items():
            if joint.shown:
                keypoints[members.index(name)] = joint.x, joint.y
                scores[members.index(name)] = joint.score
        return Person(self.person_id, keypoints, scores, self.keypoint_set, None)


@dataclass(frozen=True)
class Scene:
    """A photograph and the people in it.

    Args:
        name: File name of the photograph without suffix.
        image: (H, W, 3) uint8 RGB.
        people: The people.
    """

    name: str
    image: np.ndarray
    people: tuple[Figure, ...] = ()

    @classmethod
    def open(cls, path: str | Path) -> 'Scene':
        """Read a photograph, turned as its orientation tag says, without people.

        Raises:
            ValueError: it cannot be read.
        """
        return cls(Path(path).stem, read_photo(Path(path), apply_exif=True))

    def for_page(self, template: np.ndarray) -> str:
        """What the editor on the page shows, as JSON.

        Args:
            template: (30, 2) figure that new people start from.
        """
        height, width = self.image.shape[:2]
        return json.dumps(
            {
                'image': picture_url(self.image),
                'width': width,
                'height': height,
                'people': [_plain(figure) for figure in self.people],
                'sets': {name: _bones(name) for name in self._sets()},
                'newcomer': _plain(self._newcomer(template)),
            }
        )

    def _sets(self) -> set[str]:
        return {NEW_PERSON_SET, *(figure.keypoint_set for figure in self.people)}

    def _newcomer(self, template: np.ndarray) -> Figure:
        """A figure in the middle of the photograph, three quarters as high."""
        height, width = self.image.shape[:2]
        middle, scale = np.array([width, height]) / 2, 0.75 * min(height, 2 * width)
        full = Person(-1, middle + scale * template, np.ones(len(template)), 'dpmesh_30', None)
        joints = Figure.of_person(full, template).joints
        names = get_keypoint_set(NEW_PERSON_SET).names
        return Figure(-1, NEW_PERSON_SET, {name: joints[name] for name in names})


def read_figures(content: Any) -> tuple[Figure, ...]:
    """The people that came back from the page.

    Raises:
        ValueError: they are not what the editor sends.
    """
    try:
        figures = tuple(_figure(entry) for entry in content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f'the page sent people that cannot be read: {error}') from error
    if len(figures) > MAX_PEOPLE:
        raise ValueError(f'expected at most {MAX_PEOPLE} people, got {len(figures)}')
    return figures


def figures_of(people: Iterable[Person], template: np.ndarray) -> tuple[Figure, ...]:
    """Figures of detected people, numbered from 1."""
    return tuple(
        Figure(number, figure.keypoint_set, figure.joints)
        for number, figure in enumerate(
            (Figure.of_person(person, template) for person in people), start=1
        )
    )


def picture_url(image: np.ndarray) -> str:
    """An image as the address of a JPEG that carries its data, shrunk to ``SHOWN_SIDE``."""
    factor = min(1.0, SHOWN_SIDE / max(image.shape[:2]))
    size = [max(1, round(side * factor)) for side in image.shape[1::-1]]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode('.jpg', cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
    return f'data:image/jpeg;base64,{b64encode(data).decode()}'


def _figure(entry: Mapping[str, Any]) -> Figure:
    names = get_keypoint_set(entry['set']).names
    joints = {}
    for name, values in entry['joints'].items():
        if name not in names:
            raise ValueError(f'{entry["set"]} has no joint {name!r}')
        x, y, score, shown = values
        if not np.isfinite([x, y, score]).all():
            raise ValueError(f'{name} at {x}, {y}')
        joints[name] = Joint(float(x), float(y), float(score), bool(shown))
    return Figure(int(entry['id']), entry['set'], joints)


def _plain(figure: Figure) -> dict[str, Any]:
    return {
        'id': figure.person_id,
        'set': figure.keypoint_set,
        'joints': {
            name: [joint.x, joint.y, joint.score, joint.shown]
            for name, joint in figure.joints.items()
        },
    }


def _bones(keypoint_set: str) -> Sequence[tuple[str, str]]:
    return get_keypoint_set(keypoint_set).bones
