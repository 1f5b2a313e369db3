"""What the converters of COCO-style files have in common."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dpmesh_plugin.structures import get_keypoint_set, with_derived_joints
from dpmesh_plugin.utils.io import load_json


def people_by_image(path: str | Path) -> list[tuple[dict, list[dict]]]:
    """Images of a COCO-style file with their annotations, in the order of the file.

    Raises:
        KeyError: the file has no ``images`` or ``annotations``.
        ValueError: an annotation belongs to an image that is not listed.
    """
    content = load_json(path)
    for key in ('images', 'annotations'):
        if not isinstance(content, dict) or key not in content:
            raise KeyError(f'{path} has no {key!r}; expected a COCO-style annotation file')
    people: dict[Any, list[dict]] = defaultdict(list)
    for annotation in content['annotations']:
        people[annotation['image_id']].append(annotation)
    known = {image['id'] for image in content['images']}
    unknown = [image_id for image_id in people if image_id not in known]
    if unknown:
        raise ValueError(f'{path}: annotations of images that are not listed, ids {unknown[:5]}')
    return [(image, people[image['id']]) for image in content['images']]


def with_pelvis(keypoints: list[float], keypoint_set: str, extended: str) -> np.ndarray:
    """Annotated joints and the middle of the hips, valid where both hips are: (K, 3).

    Args:
        keypoints: x, y, visibility of the joints of ``keypoint_set``.
        keypoint_set: Set of the annotation.
        extended: Set of the result, the same with the pelvis behind it.
    """
    joints = np.array(keypoints, np.float64).reshape(-1, 3)
    valid = (joints[:, 2] > 0).astype(np.float64)
    points, valid, _ = with_derived_joints(joints[:, :2], valid, keypoint_set)
    return np.column_stack([points, valid])[: get_keypoint_set(extended).num]


def neural_annot_fit(entry: Mapping[str, Any] | None) -> tuple[dict | None, dict | None]:
    """Fit and camera of an entry of ``..._SMPL_NeuralAnnot.json``; NaN counts as no fit.

    Args:
        entry: ``smpl_param`` (``pose, shape, trans``) and ``cam_param`` (``focal, princpt``); or
            the former alone, where the camera belongs to the image.
    """
    if entry is None:
        return None, None
    fit, camera = entry.get('smpl_param', entry), entry.get('cam_param')
    values = {key: np.array(fit[key], np.float64).reshape(-1) for key in ('pose', 'shape', 'trans')}
    if not all(np.isfinite(value).all() for value in values.values()):
        return None, None
    return {**values, 'gender': 'neutral'}, camera


def default_camera(width: int, height: int) -> dict[str, list[float]]:
    """The camera of a person without a fit: the diagonal as focal length, looking at the middle."""
    diagonal = float(np.hypot(width, height))
    return {'focal': [diagonal, diagonal], 'princpt': [width / 2, height / 2]}


def image_size(path: str | Path) -> tuple[int, int]:
    """Width and height of the stored pixels, from the head of the file.

    Raises:
        FileNotFoundError: no such image.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'expected an image, found none at {path.absolute()}')
    with Image.open(path) as image:
        return image.size
