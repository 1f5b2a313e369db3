"""A standing figure, from which missing joints and new people start."""

import numpy as np
import torch

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.structures import keypoint_map

FIGURE_SET = 'dpmesh_30'
_ARMS = {15: -1.1, 16: 1.1}  # rotation about z in rad that lowers the arms of a T-pose, per joint


def standing_figure() -> np.ndarray:
    """Joints (30, 2) of someone who stands and faces the camera: y down, the body 1 high."""
    pose = torch.zeros(1, 23, 3)
    for joint, angle in _ARMS.items():
        pose[0, joint, 2] = angle
    body_model = SMPL()
    with torch.no_grad():
        body = body_model(global_orient=torch.zeros(1, 3), body_pose=pose, betas=torch.zeros(1, 10))
        joints = body_model.regress(body.vertices, FIGURE_SET)[0].numpy()
    flat = joints[:, :2] * [1, -1]
    low, high = flat.min(axis=0), flat.max(axis=0)
    return (flat - (low + high) / 2) / (high[1] - low[1])


def place_absent(
    keypoints: np.ndarray, present: np.ndarray, keypoint_set: str, figure: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give joints that are absent a place near those that are there.

    Args:
        keypoints: (K, 2) px.
        present: (K,) bool, which of them are there.
        keypoint_set: Name of their set.
        figure: (30, 2) a figure to lay over them.

    Returns:
        Keypoints (K, 2), and which of them have a place (K,).
    """
    positions = keypoint_map(FIGURE_SET, keypoint_set)
    known = positions >= 0
    anchors = present & known
    if anchors.sum() < 2:
        return keypoints, present
    moved = _laid_over(figure[positions], keypoints, anchors)
    placed = np.where((known & ~present)[:, None], moved, keypoints)
    return placed.astype(np.float32), present | known


def _laid_over(points: np.ndarray, target: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Points (K, 2) scaled, shifted and, for someone seen from behind, mirrored onto a target."""
    start, end = points[anchors].mean(axis=0), target[anchors].mean(axis=0)
    centred, reached = points[anchors] - start, target[anchors] - end
    scale = np.linalg.norm(reached) / np.linalg.norm(centred)
    mirror = -1 if (centred[:, 0] * reached[:, 0]).sum() < 0 else 1
    return (points - start) * [scale * mirror, scale] + end
