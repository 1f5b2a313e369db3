"""Predictions as mmpose writes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .joint_layouts import Layout, check_stated_set, match_known_joints
from .keypoint_formats import field_of
from .person import ImageKeypoints, Person, make_person


def is_mmpose(content: Any) -> bool:
    """Whether a JSON file is one of mmpose: of its demo, or of its inferencer."""
    if isinstance(content, dict):
        return 'instance_info' in content
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and ('instances' in first or 'keypoint_scores' in first)


def from_mmpose(
    content: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    name: str,
    source: str,
    keypoint_set: str | None = None,
) -> list[ImageKeypoints]:
    """Persons of an image, or of every frame of a video.

    The file of the demo (``--save-predictions``) names its joints; that of the inferencer
    (``pred_out_dir``) does not. Frames are named after the video: ``clip_000012``.

    Args:
        content: The file.
        name: Name of the image or video without suffix, which is that of the file.
        source: Name of the file, for messages.
        keypoint_set: Set of the joints, for files that do not name them.

    Raises:
        KeyError: a field is missing, or none of the joints is known here.
        ValueError: the set is not stated, or is another one than that of the names, or there is
            another number of joints.
    """
    layout = None if keypoint_set is None else Layout.plain(keypoint_set)
    entries = content
    if isinstance(content, Mapping):
        entries = content['instance_info']
        names = content.get('meta_info', {}).get('keypoint_id2name')
        if names:
            layout = match_known_joints([names[str(i)] for i in range(len(names))])
            check_stated_set(keypoint_set, layout.keypoint_set, source)
    if layout is None:
        raise ValueError(
            f"{source} is a prediction of mmpose's inferencer, which does not name its joints: "
            'state keypoint_set (--keypoint-set), for example coco_17'
        )
    if not any('instances' in entry for entry in entries):
        return [ImageKeypoints(name, _persons(entries, layout, source))]
    return [
        ImageKeypoints(
            f'{name}_{int(field_of(entry, "frame_id", source)):06d}',
            _persons(field_of(entry, 'instances', source), layout, source),
        )
        for entry in entries
    ]


def _persons(
    entries: Sequence[Mapping[str, Any]], layout: Layout, source: str
) -> tuple[Person, ...]:
    persons = []
    for index, entry in enumerate(entries):
        where = f'{source}: instance {index}'
        points = np.array(field_of(entry, 'keypoints', where), np.float32)
        scores = np.array(field_of(entry, 'keypoint_scores', where), np.float32)
        expected = layout.num_given
        if points.shape != (expected, 2) or scores.shape != (expected,):
            raise ValueError(
                f'{where}: expected {expected} joints (x, y) with their scores, got keypoints '
                f'{points.shape} and keypoint_scores {scores.shape}'
            )
        joints = np.column_stack([points, scores])
        persons.append(make_person(index, joints, _box(entry), layout))
    return tuple(persons)


def _box(entry: Mapping[str, Any]) -> np.ndarray | None:
    """Box (4,) (x, y, w, h); mmpose writes the corners, within one more list."""
    if 'bbox' not in entry:
        return None
    left, top, right, bottom = np.array(entry['bbox'], np.float32).reshape(-1)
    return np.array([left, top, right - left, bottom - top])
