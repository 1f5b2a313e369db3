"""Prediction, target and validity of the loss terms that all heads share."""

from collections.abc import Container

import torch
from torch import Tensor

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix
from dpmesh_plugin.models.losses.mesh_loss import Operands

from .head_output import HeadOutput
from .mesh_targets import IMAGE_GRID, MeshTargets
from .posed_body import mesh_and_joints


def body_operands(
    output: HeadOutput,
    targets: MeshTargets,
    *,
    terms: Container[str],
    input_size: int,
    body_model: SMPL,
) -> Operands:
    """Operands of the terms about the body.

    Args:
        output: What a head gave, in the axes of the image's camera.
        targets: The ground truth.
        terms: Terms of the loss; those that cost something are computed only if they are named.
        input_size: Side of the crop, px.
        body_model: The body model of the head.
    """
    pose = torch.cat([output.global_orient[:, None], output.body_pose], dim=1)
    operands = {
        'body_joint_cam': (output.joints, targets.joints, targets.joints_valid),
        'body_joint_proj': (
            output.keypoints_2d / input_size * IMAGE_GRID,
            targets.image_joints[..., :2],
            targets.image_joints_valid[..., :2],
        ),
        'smpl_pose': (pose, targets.pose, targets.pose_valid),
        'smpl_shape': (output.betas, targets.betas, targets.betas_valid),
    }
    if 'smpl_rotation' in terms:
        operands['smpl_rotation'] = (
            axis_angle_to_matrix(pose),
            axis_angle_to_matrix(targets.pose),
            targets.pose_valid[..., None],
        )
    if 'vertices' in terms:
        vertices = _target_vertices(targets, body_model)
        operands['vertices'] = (output.vertices, vertices, targets.betas_valid[..., None])
    return operands


@torch.no_grad()
def _target_vertices(targets: MeshTargets, body_model: SMPL) -> Tensor:
    """Vertices (B, V, 3) relative to the pelvis, of the neutral body of the parameters."""
    vertices, joints = mesh_and_joints(
        body_model, targets.pose[:, 0], targets.pose[:, 1:], targets.betas, with_vertices=True
    )
    return vertices - joints[:, :1]
