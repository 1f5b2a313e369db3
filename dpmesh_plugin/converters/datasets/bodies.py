"""Bodies from the world into a camera, and whether they fit their joints."""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch

from dpmesh_plugin.body_models import SMPL, SMPL_FAMILY, is_smpl
from dpmesh_plugin.structures import get_keypoint_set

from .schema_writer import Person

# Fits that are farther from their joints do not train (rule of the published predecessor).
MAX_FIT_ERROR_MM = 25.0
_BATCH = 512


def load_body_model(path: str | None) -> SMPL:
    """The neutral body model of fits; None is the open body."""
    return SMPL(path=path).eval().requires_grad_(False)


def annotated_body(body_model: SMPL) -> str:
    """What annotations call a body model: any copy of the licensed files by its family."""
    return SMPL_FAMILY if is_smpl(body_model.model_id) else body_model.model_id


class RestPelvis:
    """Joint 0 of unposed bodies, which the root turns about; linear in the shape.

    Args:
        body_model: Body model of the fits, neutral.
    """

    def __init__(self, body_model: SMPL) -> None:
        # The mean shape and one unit along every shape direction.
        betas = torch.cat([torch.zeros(1, 10), torch.eye(10)])
        zero = torch.zeros(len(betas), 23, 3)
        output = body_model(global_orient=zero[:, 0], body_pose=zero, betas=betas)
        pelvis = output.joints[:, 0].double().numpy()
        self._mean, self._directions = pelvis[0], pelvis[1:] - pelvis[0]

    def __call__(self, betas: np.ndarray) -> np.ndarray:
        """The joint (3,), m, of a body with ``betas`` (10,)."""
        return self._mean + np.asarray(betas, np.float64) @ self._directions


def into_camera(
    pose: np.ndarray,
    trans: np.ndarray,
    pelvis: np.ndarray,
    rotation: np.ndarray,
    translation: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Pose and translation of a body seen from a camera.

    The root turns about the pelvis of the unposed body, not about the origin, so the translation
    changes by ``rotation @ pelvis - pelvis`` as well.

    Args:
        pose: (72,) rad in the world.
        trans: (3,) m in the world.
        pelvis: (3,) m, joint 0 of the unposed body without translation.
        rotation: (3, 3) from the world to the camera.
        translation: (3,) m.

    Returns:
        Pose (72,) and translation (3,) in the axes of the camera.
    """
    pose = np.array(pose, np.float64).reshape(72)
    matrix = rotation @ cv2.Rodrigues(pose[:3])[0]
    pose[:3] = cv2.Rodrigues(matrix)[0][:, 0]
    pelvis = np.asarray(pelvis, np.float64)
    seen = rotation @ (pelvis + np.asarray(trans, np.float64).reshape(3)) + translation
    return pose, seen - pelvis


def translation_from_image(
    joints: np.ndarray, pixels: np.ndarray, focal: np.ndarray, centre: np.ndarray
) -> np.ndarray:
    """Translation (3,) that brings joints (K, 3) onto pixels (K, 2), by linear least squares.

    Every joint gives two equations, ``f (X + tx) = (u - c) (Z + tz)`` and the same for y.
    """
    rays = (pixels - centre) / focal
    matrix = np.zeros((2 * len(joints), 3))
    matrix[0::2, 0] = matrix[1::2, 1] = 1
    matrix[:, 2] = -rays.reshape(-1)
    target = (rays * joints[:, 2:] - joints[:, :2]).reshape(-1)
    return np.linalg.lstsq(matrix, target, rcond=None)[0]


def body_joints(
    body_model: SMPL, fits: Sequence[Mapping[str, Any]], keypoint_set: str
) -> np.ndarray:
    """Joints (N, K, 3) of bodies given as ``pose, shape, trans``, m."""
    parts = []
    for start in range(0, len(fits), _BATCH):
        chunk = fits[start : start + _BATCH]
        pose, shape, trans = (
            torch.tensor(np.array([np.reshape(fit[key], -1) for fit in chunk]), dtype=torch.float32)
            for key in ('pose', 'shape', 'trans')
        )
        joints = body_model.keypoints(
            keypoint_set=keypoint_set,
            global_orient=pose[:, :3],
            body_pose=pose[:, 3:].reshape(-1, 23, 3),
            betas=shape,
            transl=trans,
        )
        parts.append(joints.numpy())
    return np.concatenate(parts)


def drop_bad_fits(
    people: Sequence[Person],
    body_model: SMPL,
    keypoint_set: str,
    limit_mm: float = MAX_FIT_ERROR_MM,
) -> int:
    """Take away fits that are far from the annotated joints.

    The joints of the body are regressed as ``h36m_17`` and compared by name after their means were
    moved together.

    Returns:
        How many fits were taken away.
    """
    fitted = [person for person in people if person.smpl is not None]
    if not fitted:
        return 0
    ours, theirs = get_keypoint_set('h36m_17'), get_keypoint_set(keypoint_set)
    common = [joint for joint in theirs.names if joint in ours.names]
    bodies = body_joints(body_model, [person.smpl for person in fitted], ours.name)
    bodies = bodies[:, [ours.index(joint) for joint in common]]
    annotated = np.stack([np.reshape(person.keypoints_3d, (-1, 3)) for person in fitted])
    difference = bodies - annotated[:, [theirs.index(joint) for joint in common]]
    difference -= difference.mean(axis=1, keepdims=True)
    errors = np.linalg.norm(difference, axis=-1).mean(axis=1) * 1000
    for person, error in zip(fitted, errors, strict=True):
        if not error < limit_mm:
            person.smpl = None
    return int((~(errors < limit_mm)).sum())
