"""Which detector the keypoints of a data set come from, by name.

An annotation file may hold keypoints of several detectors beside those of its schema:
``info.keypoint_sources`` has for every name the ``keypoint_set``, and an annotation has under
``keypoint_sources`` and the same name ``x, y, score`` of its joints in one list; it has none where
the detector did not find the person. ``tools/dataset_converters/detect_keypoints.py`` writes them.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from dpmesh_plugin.structures import get_keypoint_set

from .annotation_file import AnnotationFile

FIELD = 'keypoint_sources'


def check_source(name: str, built_in: Iterable[str], file: AnnotationFile) -> None:
    """Raise KeyError with the names that are there if a name is none of them.

    Args:
        name: Wanted source.
        built_in: Names that the data set knows without the file.
        file: The annotations.
    """
    known = [*built_in, *file.info.get(FIELD, {})]
    if name not in known:
        raise KeyError(
            f'unknown keypoint source {name!r}; known: {", ".join(known)}. '
            f'tools/dataset_converters/detect_keypoints.py adds those of a detector to {file.path}'
        )


def read_source(file: AnnotationFile, name: str) -> tuple[list[np.ndarray], str]:
    """Keypoints of a source that stands in the file.

    Args:
        file: The annotations.
        name: One of its sources.

    Returns:
        (K, 3) x, y in px of the image and score of every annotation, all zero for a person that
        was not found; name of the keypoint set.

    Raises:
        ValueError: an annotation has another number of values, or one is not finite.
    """
    keypoint_set = get_keypoint_set(file.info[FIELD][name]['keypoint_set'])
    nobody = np.zeros((keypoint_set.num, 3), np.float32)
    joints = []
    for row, annotation in enumerate(file.annotations):
        values = annotation.get(FIELD, {}).get(name)
        given = nobody if values is None else np.array(values, np.float32)
        if given.size != nobody.size or not np.isfinite(given).all():
            raise ValueError(
                f'{file.where(row)}: the keypoints of {name!r} must be {nobody.size} finite '
                f'numbers for {keypoint_set.name}, got {given.size}'
            )
        joints.append(given.reshape(nobody.shape))
    return joints, keypoint_set.name


def with_source(metainfo: dict[str, Any], transforms: Iterable[Any]) -> dict[str, Any]:
    """Metainfo with ``keypoint_source`` as a pipeline gives the keypoints to the model.

    Args:
        metainfo: That of the data set; ``keypoint_source`` names its own keypoints, if any.
        transforms: What the pipeline consists of. A transform that takes other keypoints than those
            of the data set names them as ``keypoint_source``, one that changes them its errors as
            ``keypoint_errors``.
    """
    name, errors = metainfo.get('keypoint_source'), []
    for transform in transforms:
        name = getattr(transform, 'keypoint_source', None) or name
        errors += [getattr(transform, 'keypoint_errors', None)]
    if not name:
        return metainfo
    return metainfo | {'keypoint_source': ' with '.join([name, *filter(None, errors)])}
