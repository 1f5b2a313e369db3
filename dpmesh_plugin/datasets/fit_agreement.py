"""How well a fitted body agrees with the joints and keypoints of a person."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.structures import get_keypoint_set

# Joints that every set places alike, to be compared between sets.
_LIMBS = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
COMPARED = tuple(f'{side}_{joint}' for joint in _LIMBS for side in ('left', 'right'))
_BATCH = 256


def fitted_joints(people: Sequence[dict], body_model: SMPL) -> Iterator[tuple[dict, np.ndarray]]:
    """People with the joints (30, 3) of their bodies, m, camera axes."""
    for start in range(0, len(people), _BATCH):
        chunk = people[start : start + _BATCH]
        fields = {
            name: torch.from_numpy(np.stack([person['smpl'][name] for person in chunk]))
            for name in chunk[0]['smpl']
        }
        genders = [person['gender'] for person in chunk]
        with torch.no_grad():
            joints = body_model.keypoints(keypoint_set='dpmesh_30', gender=genders, **fields)
        yield from zip(chunk, joints.numpy(), strict=True)


def fit_error_mm(person: dict, joints: np.ndarray) -> float | None:
    """Mean distance of limb joints to the annotated ones after moving their means together, mm."""
    if 'annotated_keypoints_3d' in person:
        annotated, name = person['annotated_keypoints_3d'], person['annotated_set']
    elif 'keypoints_3d' in person:
        annotated, name = person['keypoints_3d'], 'dpmesh_30'
    else:
        return None
    ours, theirs = (_limbs(values, of) for values, of in ((joints, 'dpmesh_30'), (annotated, name)))
    difference = ours - theirs
    return float(np.linalg.norm(difference - difference.mean(axis=0), axis=1).mean() * 1000)


def fit_offset(person: dict, joints: np.ndarray) -> float | None:
    """Median distance of projected limb joints to keypoints, as a share of the box diagonal."""
    points, seen = annotated_points(person)
    name = person.get('annotated_set', person['keypoint_set'])
    seen = _limbs(seen[:, None].astype(float), name)[:, 0] > 0
    if not seen.any():
        return None
    projected = joints[:, :2] / joints[:, 2:] * person['focal_length'] + person['principal_point']
    distance = np.linalg.norm(_limbs(projected, 'dpmesh_30') - _limbs(points, name), axis=1)
    return float(np.median(distance[seen]) / np.linalg.norm(person['bbox_xywh'][2:]))


def annotated_points(person: dict) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints (K, 2) px and which count (K,): annotated ones, else confident detections."""
    if 'annotated_keypoints' in person:
        return person['annotated_keypoints'], person['annotated_valid'] > 0
    return person['keypoints'], person['keypoint_scores'] > 0.3


def _limbs(values: np.ndarray, name: str) -> np.ndarray:
    joints = get_keypoint_set(name)
    return values[[joints.index(joint) for joint in COMPARED]]
