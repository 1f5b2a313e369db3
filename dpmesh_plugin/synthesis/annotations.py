"""Scenes as entries of an annotation file in the layout of 3DPW-OC.

On top of that layout an annotation carries ``keypoints_3d`` (30 joints of ``dpmesh_30`` in camera
axes, metres, flat), ``visibility`` (30 codes of :class:`~dpmesh_plugin.structures.Visibility`),
``occlusion`` (share of the silhouette in the image that others hide), ``truncation`` (share of the
mesh outside the image) and ``pose_family`` (what carries the figure).
"""

from typing import Any

import numpy as np

from .body import DECIMALS
from .scene import Scene
from .truth import PersonTruth

PIXEL_DECIMALS, CONFIDENCE_DECIMALS, SHARE_DECIMALS = 2, 4, 4
CATEGORIES = [{'id': 1, 'name': 'person'}]


def image_entry(scene: Scene, image_id: int, sequence: str, file_name: str) -> dict[str, Any]:
    """The entry of an image: its file, size (px) and camera (px)."""
    camera = scene.camera
    centre = camera.intrinsics[0, 2]
    return {
        'id': image_id,
        'file_name': file_name,
        'sequence': sequence,
        'width': camera.size,
        'height': camera.size,
        'cam_param': {'focal': [camera.focal, camera.focal], 'princpt': [centre, centre]},
    }


def person_entry(truth: PersonTruth) -> dict[str, Any]:
    """The entry of a person, still without ``id`` and ``image_id``."""
    person, bbox = truth.person, truth.bbox.round(PIXEL_DECIMALS)
    found = truth.detected
    detected = np.concatenate(
        [found[:, :2].round(PIXEL_DECIMALS), found[:, 2:].round(CONFIDENCE_DECIMALS)], axis=1
    )
    return {
        'category_id': 1,
        'iscrowd': 0,
        'area': round(float(bbox[2] * bbox[3]), PIXEL_DECIMALS),
        'bbox': bbox.tolist(),
        'openpose_result': _flat(detected, CONFIDENCE_DECIMALS),
        'smpl_param': {
            'pose': _flat(person.body.pose, DECIMALS),
            'shape': _flat(person.body.betas, DECIMALS),
            'trans': _flat(person.translation, DECIMALS),
            'gender': person.body.gender,
        },
        'keypoints_3d': _flat(person.joints, DECIMALS),
        'visibility': truth.visibility.tolist(),
        'occlusion': round(truth.occlusion, SHARE_DECIMALS),
        'truncation': round(truth.truncation, SHARE_DECIMALS),
        'pose_family': person.family,
    }


def _flat(values: np.ndarray, decimals: int) -> list[float]:
    """A flat list of rounded numbers without negative zeros."""
    return (values.astype(np.float64).round(decimals) + 0.0).ravel().tolist()
