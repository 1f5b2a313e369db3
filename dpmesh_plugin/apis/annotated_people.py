"""Keypoints of a detector for the people of an annotation file."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dpmesh_plugin.datasets.keypoint_sources import FIELD
from dpmesh_plugin.geometry.boxes import box_iou
from dpmesh_plugin.geometry.matching import match_greedily

from .detectors import BaseDetector, TopDownDetector
from .image_inputs import read_photo
from .person import Person
from .tracking import person_box

LEAST_OVERLAP = 0.3
"""Someone who was found is an annotated person if their boxes overlap by this share (IoU)."""

Found = dict[Any, Person | None]


def detect_annotated(
    content: Mapping[str, Any],
    images: str | Path,
    detector: BaseDetector,
    *,
    in_given_boxes: bool = True,
) -> Iterator[Found]:
    """What a detector says about the annotated people, image after image.

    A top-down detector looks into the annotated boxes. Whom another one finds is matched with the
    annotations by overlap of boxes, the best pairs first; nobody is given to two of them.

    Args:
        content: Annotation file with ``images`` and ``annotations`` with ``bbox``.
        images: Folder of the images, as ``SEQUENCE/FILE_NAME`` where they state a sequence.
        detector: The detector.
        in_given_boxes: Whether a top-down detector does not have to find the people.

    Yields:
        The person by id of the annotation, for all annotations of an image; None if not found.

    Raises:
        FileNotFoundError: an image is not there.
        KeyError: an annotation lacks its box.
    """
    given = in_given_boxes and isinstance(detector, TopDownDetector)
    people = defaultdict(list)
    for annotation in content['annotations']:
        people[annotation['image_id']].append(annotation)
    for entry in content['images']:
        annotations = people.get(entry['id'])
        if not annotations:
            continue
        path = Path(images) / entry.get('sequence', '') / entry['file_name']
        image = read_photo(path, apply_exif=False)
        boxes = np.array([_box_of(each) for each in annotations], np.float32)
        if given:
            found: list[Person | None] = list(detector.detect_in_boxes(image, boxes))
        else:
            found = match_to_boxes(detector.detect(image, name=path), boxes)
        yield {each['id']: person for each, person in zip(annotations, found, strict=True)}


def match_to_boxes(persons: Sequence[Person], boxes: np.ndarray) -> list[Person | None]:
    """The person that belongs to each of the boxes (P, 4), None where nobody does.

    Persons with values that are not finite belong nowhere.
    """
    persons = [person for person in persons if person.is_finite]
    places = [p.bbox_xywh if p.bbox_xywh is not None else person_box(p) for p in persons]
    seen = [i for i, place in enumerate(places) if place is not None]
    overlap = np.array([box_iou(places[i], boxes) for i in seen]).reshape(len(seen), len(boxes))
    matched: list[Person | None] = [None] * len(boxes)
    for row, column in match_greedily(overlap, LEAST_OVERLAP):
        matched[column] = persons[seen[row]]
    return matched


def add_source(
    content: dict[str, Any], name: str, found: Found, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Put the keypoints into an annotation file, as a source of this name, in place.

    Args:
        content: The annotation file; all else in it stays as it is.
        name: Name of the source; one of that name is replaced.
        found: Persons by id of the annotation.
        facts: What else is to be known about the source.

    Returns:
        The entry that describes the source.

    Raises:
        ValueError: nobody was found, or the persons are of several keypoint sets.
    """
    sets = sorted({person.keypoint_set for person in found.values() if person is not None})
    if len(sets) != 1:
        raise ValueError(
            'expected people with joints of one keypoint set, '
            + (f'got those of {", ".join(sets)}' if sets else f'got nobody in {len(found)} boxes')
        )
    for annotation in content['annotations']:
        sources = annotation.setdefault(FIELD, {})
        sources.pop(name, None)
        person = found.get(annotation['id'])
        if person is not None:
            joints = np.column_stack([person.keypoints, person.scores]).astype(np.float64)
            sources[name] = joints.round(4).ravel().tolist()
    num_found = sum(person is not None for person in found.values())
    entry = {'keypoint_set': sets[0], 'found': num_found, 'people': len(found), **facts}
    content.setdefault('info', {}).setdefault(FIELD, {})[name] = entry
    return entry


def _box_of(annotation: Mapping[str, Any]) -> Sequence[float]:
    if 'bbox' not in annotation:
        raise KeyError(
            f'annotation {annotation["id"]} has no bbox, by which people who are found are known; '
            f'it has: {", ".join(annotation)}'
        )
    return annotation['bbox']
