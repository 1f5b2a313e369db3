"""The formats in which other programs write 2D keypoints of people."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dpmesh_plugin.structures import KEYPOINT_SETS, get_keypoint_set

from .joint_layouts import (
    Layout,
    check_stated_set,
    match_joint_names,
    match_known_joints,
)
from .person import ImageKeypoints, Person, make_person

_OPENPOSE_SETS = {3 * get_keypoint_set(name).num: name for name in ('openpose_18', 'openpose_25')}
_VISIBILITY_FLAGS = (0, 1, 2)
_HALPE = (
    *get_keypoint_set('coco_17').names,
    *('head_top', 'neck', 'pelvis', 'left_big_toe', 'right_big_toe'),
    *('left_small_toe', 'right_small_toe', 'left_heel', 'right_heel'),
)
ALPHAPOSE_JOINTS = {17: get_keypoint_set('coco_17').names, 26: _HALPE}
"""Joints of AlphaPose by their number, as its page on output says; 26 are those of Halpe."""


def from_coco(
    content: Mapping[str, Any], source: str, keypoint_set: str | None = None
) -> list[ImageKeypoints]:
    """Persons of a COCO-style annotation file.

    Args:
        content: The file.
        source: Its name, for messages.
        keypoint_set: Set of the joints of categories that do not name them.

    Raises:
        KeyError: a field is missing, or the joints are of no known set.
        ValueError: a wrong number of joints, joints of another set than the stated one, a
            visibility flag other than 0, 1, 2, or an annotation of an image that is not listed.
    """
    persons = _coco_persons(content, source, keypoint_set)
    images = {field_of(image, 'id', source): image for image in field_of(content, 'images', source)}
    strangers = sorted(map(str, persons.keys() - images.keys()))
    if strangers:
        raise ValueError(f"{source}: annotations of images not in 'images': {strangers[:5]}")
    return [
        ImageKeypoints(
            name=field_of(image, 'file_name', source),
            persons=tuple(persons.get(image_id, ())),
            size=_coco_size(image, f'{source}: image {image_id}'),
        )
        for image_id, image in images.items()
    ]


def from_openpose(
    content: Mapping[str, Any], name: str, source: str, keypoint_set: str | None = None
) -> ImageKeypoints:
    """Persons of an OpenPose result for one image.

    Args:
        content: The file.
        name: Name of the image without suffix.
        source: Name of the file, for messages.
        keypoint_set: Set of the joints, which their number says already.

    Raises:
        KeyError: a person has no ``pose_keypoints_2d``.
        ValueError: neither 18 nor 25 joints, or the stated set is another one.
    """
    persons = []
    for index, entry in enumerate(content['people']):
        where = f'{source}: person {index}'
        flat = field_of(entry, 'pose_keypoints_2d', where)
        if len(flat) not in _OPENPOSE_SETS:
            raise ValueError(
                f'{where}: pose_keypoints_2d has {len(flat)} numbers; expected x, y and score of '
                f'the joints of a known set: {_OPENPOSE_SETS}'
            )
        layout = Layout.plain(_OPENPOSE_SETS[len(flat)])
        check_stated_set(keypoint_set, layout.keypoint_set, source)
        joints = np.array(flat, dtype=np.float32).reshape(-1, 3)
        persons.append(make_person(index, joints, None, layout))
    return ImageKeypoints(name=name, persons=tuple(persons))


def from_results(
    content: Sequence[Mapping[str, Any]], source: str, keypoint_set: str | None
) -> list[ImageKeypoints]:
    """Persons of a list of results as detectors write them, for example for COCO's server.

    Results of AlphaPose are known by their ``box``; what its 17 or 26 joints are is documented.

    Args:
        content: Dicts with ``image_id`` or ``image_name``, ``keypoints`` (3 K) and maybe ``bbox``.
        source: Name of the file, for messages.
        keypoint_set: Name of the set of the joints.

    Raises:
        KeyError: a field is missing, or the set is unknown.
        ValueError: the set is not stated, or there is another number of joints.
    """
    alphapose = None if keypoint_set else _alphapose_layout(content)
    if keypoint_set is None and alphapose is None:
        raise ValueError(
            f'{source} is a list of results, which does not name its joints: state keypoint_set '
            f'(--keypoint-set), one of {", ".join(sorted(KEYPOINT_SETS))}'
        )
    layout = alphapose or Layout.plain(keypoint_set)
    persons = defaultdict(list)
    for index, entry in enumerate(content):
        where = f'{source}: result {index}'
        key = 'image_name' if 'image_name' in entry else 'image_id'
        joints = _joints(entry, where, layout.num_given)
        box = entry.get('bbox', entry.get('box'))
        persons[str(field_of(entry, key, where))].append(make_person(index, joints, box, layout))
    return [ImageKeypoints(name=name, persons=tuple(group)) for name, group in persons.items()]


def _alphapose_layout(content: Sequence[Mapping[str, Any]]) -> Layout | None:
    """The joints of results of AlphaPose, None for other results."""
    first = content[0] if content else {}
    names = ALPHAPOSE_JOINTS.get(len(first.get('keypoints', ())) // 3)
    return match_known_joints(names) if 'box' in first and 'idx' in first and names else None


def _coco_size(image: Mapping[str, Any], where: str) -> tuple[int, int] | None:
    """Width and height; None where an image states neither."""
    if 'width' not in image and 'height' not in image:
        return None
    return field_of(image, 'width', where), field_of(image, 'height', where)


def _coco_persons(
    content: Mapping[str, Any], source: str, keypoint_set: str | None
) -> dict[Any, list[Person]]:
    """Persons by image id."""
    layouts = {
        field_of(category, 'id', source): _layout(category, source, keypoint_set)
        for category in field_of(content, 'categories', source)
        if keypoint_set is not None or 'keypoints' in category
    }
    if not layouts:
        raise KeyError(
            f"{source} names no joints: no category has 'keypoints'. Use the file with keypoint "
            f'annotations, or state keypoint_set, one of {", ".join(sorted(KEYPOINT_SETS))}'
        )
    persons = defaultdict(list)
    for annotation in content['annotations']:
        where = f'{source}: annotation {field_of(annotation, "id", source)}'
        layout = layouts.get(field_of(annotation, 'category_id', where))
        if layout is None or annotation.get('iscrowd'):
            continue
        joints = _joints(annotation, where, layout.num_given)
        known = np.isfinite(joints[:, 2])
        if not np.isin(joints[known, 2], _VISIBILITY_FLAGS).all():
            raise ValueError(
                f'{where}: the third number of a joint is its visibility 0, 1 or 2, got '
                f'{sorted(set(joints[:, 2].tolist()))[:4]}; scores belong into a list of results'
            )
        joints[known, 2] = joints[known, 2] > 0
        person = make_person(annotation['id'], joints, annotation.get('bbox'), layout)
        persons[field_of(annotation, 'image_id', where)].append(person)
    return persons


def _layout(category: Mapping[str, Any], source: str, keypoint_set: str | None) -> Layout:
    if 'keypoints' not in category:
        return Layout.plain(keypoint_set)
    try:
        layout = match_joint_names(category['keypoints'])
    except KeyError as error:
        raise KeyError(f'{source}: category {category["id"]}: {error.args[0]}') from None
    check_stated_set(keypoint_set, layout.keypoint_set, source)
    return layout


def _joints(entry: Mapping[str, Any], where: str, expected: int) -> np.ndarray:
    """Joints (K, 3): x, y and flag or score."""
    given = field_of(entry, 'keypoints', where)
    try:
        values = np.array(given, dtype=np.float32).reshape(-1)
    except (TypeError, ValueError):
        raise ValueError(f'{where}: keypoints must be numbers, got {str(given)[:60]}') from None
    if len(values) != 3 * expected:
        raise ValueError(
            f'{where}: expected {expected} joints of three numbers each, got {len(values)} numbers'
        )
    return values.reshape(-1, 3)


def field_of(entry: Mapping[str, Any], key: str, where: str) -> Any:
    """A field of an entry; KeyError says where it is missing and what is there."""
    if key not in entry:
        raise KeyError(f'{where} has no field {key!r}; it has: {", ".join(map(str, entry))}')
    return entry[key]
