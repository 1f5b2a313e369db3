"""Keypoints that are in memory: the content of a file, or an array."""

from typing import Any

import numpy as np

from dpmesh_plugin.structures import KEYPOINT_SETS

from .joint_layouts import Layout
from .keypoint_formats import from_coco, from_openpose, from_results
from .mmpose_results import from_mmpose, is_mmpose
from .person import ImageKeypoints, make_person

FORMATS = (
    "a COCO-style annotation file (a dict with 'images', 'annotations' and 'categories'), an "
    "OpenPose result (a dict with 'people', or a folder of NAME_keypoints.json), a prediction of "
    "mmpose (a dict with 'instance_info', or a list of dicts with 'keypoint_scores'), or a list "
    "of results, as of AlphaPose (dicts with 'image_id' or 'image_name', and 'keypoints')"
)


def read_content(
    content: Any, name: str, source: str, keypoint_set: str | None
) -> list[ImageKeypoints]:
    """Persons by image of the content of a keypoint file, whose format its structure says.

    Args:
        content: What JSON files hold.
        name: Name of the image or video without suffix, for formats that do not state it.
        source: Name of the file, for messages.
        keypoint_set: Name of the joints' set, for formats that do not state it.

    Raises:
        KeyError: joints of no known set, or a missing field.
        ValueError: another format, or see the formats.
    """
    if isinstance(content, dict) and 'people' in content:
        return [from_openpose(content, name, source, keypoint_set)]
    if isinstance(content, dict) and 'annotations' in content:
        return from_coco(content, source, keypoint_set)
    if is_mmpose(content):
        return from_mmpose(content, name, source, keypoint_set)
    if content == []:
        return []  # a detector found nobody, whatever its joints
    if isinstance(content, list) and all(isinstance(entry, dict) for entry in content):
        return from_results(content, source, keypoint_set)
    raise ValueError(f'{source}: no keypoints of a known format; expected {FORMATS}')


def read_array(
    keypoints: np.ndarray, name: str, source: str, keypoint_set: str | None
) -> ImageKeypoints:
    """Persons of one image.

    Args:
        keypoints: (P, K, 3) x and y in px of the image and confidence.
        name: Name of the image.
        source: Name of the array, for messages.
        keypoint_set: Name of the joints' set.

    Raises:
        KeyError: unknown set.
        ValueError: the set is not stated, or the array has another shape.
    """
    if keypoint_set is None:
        raise ValueError(
            f'{source} are an array, which does not name its joints: state keypoint_set, one of '
            f'{", ".join(sorted(KEYPOINT_SETS))}'
        )
    layout = Layout.plain(keypoint_set)
    if keypoints.ndim != 3 or keypoints.shape[1:] != (layout.num_given, 3):
        raise ValueError(
            f'{source} have the shape {keypoints.shape}; expected (people, {layout.num_given}, 3) '
            f'for {keypoint_set}: x and y in px of the image, and confidence'
        )
    joints = keypoints.astype(np.float32)
    persons = (make_person(index, each, None, layout) for index, each in enumerate(joints))
    return ImageKeypoints(name, tuple(persons))
