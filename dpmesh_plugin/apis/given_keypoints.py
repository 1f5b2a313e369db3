"""Whatever is given as keypoints, as a detector."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .detectors import BaseDetector
from .keypoint_content import FORMATS, read_array, read_content
from .keypoint_files import KeypointFile, read_keypoints

GivenKeypoints = str | os.PathLike | dict | list[dict] | np.ndarray | BaseDetector
_SOURCE = 'the given keypoints'


def given_keypoints(keypoints: GivenKeypoints, *, keypoint_set: str | None = None) -> BaseDetector:
    """The detector that knows given keypoints.

    Args:
        keypoints: File or folder (see :func:`~.keypoint_files.read_keypoints`); what such a file
            holds, as dict or list; an array (P, K, 3) of the people of one image, x and y in px and
            confidence; or a detector, which stays as it is.
        keypoint_set: Name of the joints' set, where it is not stated.

    Raises:
        TypeError: something else.
        ValueError: another format or shape; also as ``read_keypoints``.
        KeyError: as ``read_keypoints``.
        FileNotFoundError: as ``read_keypoints``.
    """
    if isinstance(keypoints, BaseDetector):
        return keypoints
    if isinstance(keypoints, str | os.PathLike):
        return read_keypoints(keypoints, keypoint_set=keypoint_set)
    if isinstance(keypoints, np.ndarray):
        images = [read_array(keypoints, '', _SOURCE, keypoint_set)]
    elif isinstance(keypoints, dict) or _holds_dicts(keypoints):
        images = read_content(keypoints, '', _SOURCE, keypoint_set)
    else:
        items = keypoints if isinstance(keypoints, list) else ()
        kinds = ', '.join(sorted({type(each).__name__ for each in items}))
        raise TypeError(
            'expected keypoints as a path, a detector, a NumPy array (people, joints, 3), or the '
            f'content of {FORMATS}; got {type(keypoints).__name__}{f" of {kinds}" if kinds else ""}'
        )
    return KeypointFile(Path(_SOURCE), tuple(images))


def _holds_dicts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def check_meant_image(detector: BaseDetector, inputs: Sequence[Path], num_videos: int) -> None:
    """Raise ValueError if keypoints of one image do not say which of several they are of.

    Args:
        detector: The detector.
        inputs: All images and videos.
        num_videos: How many of them are videos.
    """
    unclear = isinstance(detector, KeypointFile) and detector.has_no_name
    if unclear and (len(inputs) > 1 or num_videos):
        raise ValueError(
            f'{detector.label} are of one image and do not say of which: give one image, got '
            f'{len(inputs) - num_videos} images and {num_videos} videos; a list of results names '
            "the images ('image_id'), and frames of a video by their numbers"
        )
