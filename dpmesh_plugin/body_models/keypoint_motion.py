"""How keypoints of a body move with its joints."""

from typing import NamedTuple

import torch
from torch import Tensor

from .smpl_layer import SMPLLayer


class KeypointMotion(NamedTuple):
    """Keypoints of posed bodies, and where a small turn of a joint takes them.

    Convention: a turn ``w`` (rad) of joint j, in the axes of the camera, moves keypoint k by
    ``cross(w, levers[k, j])``. What a turn changes through the pose blend shapes is left out:
    millimetres where the lever moves a keypoint by centimetres.

    Args:
        keypoints: (B, K, 3), m.
        levers: (B, K, J, 3), m; zero for a joint that does not carry the keypoint.
        turns: (B, J, 3, 3) from the axes of each joint to those of the camera.
    """

    keypoints: Tensor
    levers: Tensor
    turns: Tensor


def keypoint_motion(
    layer: SMPLLayer, matrix: Tensor, rotations: Tensor, betas: Tensor
) -> KeypointMotion:
    """Pose a body of few points, each on one bone.

    Args:
        layer: Layer of P points, see :func:`~.keypoint_layers.keypoint_layers`.
        matrix: (K, P) that sums the points up to keypoints.
        rotations: (B, J, 3, 3) relative to the parent, root first.
        betas: (B, S).
    """
    points, joints, transforms = layer.posed(rotations, betas)
    carried = matrix[:, None] * _carried_points(layer)
    shares = carried @ layer.weights.sum(0)
    sums = (carried.flatten(0, 1) @ points).unflatten(1, shares.shape)
    levers = sums - shares[..., None] * joints[:, None]
    return KeypointMotion(matrix @ points, levers, transforms[..., :3])


def _carried_points(layer: SMPLLayer) -> Tensor:
    """(J, P) 1 where a joint carries a point: the joint of its bone and those above it."""
    carries = torch.eye(len(layer.parents)).to(layer.weights)
    for joint, parent in reversed(list(enumerate(layer.parents))):
        if parent >= 0:
            carries[parent] += carries[joint]
    return carries[:, layer.weights.abs().argmax(0)]
