"""Ground truth of a batch in the units of the loss."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dpmesh_plugin.structures import SMPL_FIELDS, MeshDataSample, stack_field

IMAGE_GRID = 64
"""Cells per side of the grid in which image joints are compared."""

DEPTH_EXTENT = 2.0
"""Metres about the root that the grid covers in depth."""

FIELDS = (
    'keypoints_2d',
    'keypoints_2d_valid',
    'keypoints_3d',
    'keypoints_3d_valid',
    'fit_keypoints_2d',
    'fit_keypoints_3d',
    'fit_keypoints_valid',
    *SMPL_FIELDS,
    'pose_valid',
    'smpl_valid',
)


@dataclass(frozen=True)
class MeshTargets:
    """Targets and their validity (float32, 1 where known) with K = 30 joints of ``dpmesh_30``.

    Args:
        image_joints: (B, K, 3) annotated joints: x, y, depth in cells of the image grid.
        image_joints_valid: (B, K, 3).
        fit_image_joints: (B, K, 3) joints of the fitted body, same units.
        fit_image_joints_valid: (B, K, 3).
        joints: (B, K, 3) relative to the root, camera axes, m.
        joints_valid: (B, K, 1).
        pose: (B, 24, 3) axis-angle of root and body, rad.
        pose_valid: (B, 24, 1).
        betas: (B, 10).
        betas_valid: (B, 1).
    """

    image_joints: Tensor
    image_joints_valid: Tensor
    fit_image_joints: Tensor
    fit_image_joints_valid: Tensor
    joints: Tensor
    joints_valid: Tensor
    pose: Tensor
    pose_valid: Tensor
    betas: Tensor
    betas_valid: Tensor

    @classmethod
    def from_samples(
        cls, data_samples: Sequence[MeshDataSample], *, input_size: int, device: torch.device
    ) -> 'MeshTargets':
        """Stack the ground truth of some samples.

        A joint outside the crop, or deeper than the grid where its depth is known, is not an image
        target, but stays a target in the camera.

        Args:
            data_samples: B samples with ``gt_instances``.
            input_size: Side of the crop, px.
            device: Where the targets go.

        Raises:
            KeyError: a sample lacks a field of ``gt_instances``; the message names it.
        """
        truth = _stack_fields(data_samples, device)
        smpl_valid = truth['smpl_valid'][:, None]
        joints_valid = truth['keypoints_3d_valid'][..., None]
        image_joints = _image_joints(truth['keypoints_2d'], truth['keypoints_3d'], input_size)
        fit_joints = _image_joints(truth['fit_keypoints_2d'], truth['fit_keypoints_3d'], input_size)
        inside = _inside(image_joints)
        annotated = truth['keypoints_2d_valid'][..., None] * inside[..., :2].amin(-1, keepdim=True)
        annotated = annotated * torch.where(joints_valid > 0, inside[..., 2:], 1)
        fitted = truth['fit_keypoints_valid'] * _inside(fit_joints).amin(-1) * smpl_valid
        return cls(
            image_joints=image_joints,
            image_joints_valid=torch.cat([annotated, annotated, annotated * joints_valid], dim=-1),
            fit_image_joints=fit_joints,
            fit_image_joints_valid=fitted[..., None].expand_as(fit_joints),
            joints=truth['keypoints_3d'],
            joints_valid=joints_valid,
            pose=torch.cat([truth['global_orient'][:, None], truth['body_pose']], dim=1),
            pose_valid=(truth['pose_valid'] * smpl_valid)[..., None],
            betas=truth['betas'],
            betas_valid=smpl_valid,
        )


def _stack_fields(
    data_samples: Sequence[MeshDataSample], device: torch.device
) -> dict[str, Tensor]:
    """Ground truth fields (B, ...) as float32."""
    try:
        return {
            field: stack_field(data_samples, 'gt_instances', field).to(device, torch.float32)
            for field in FIELDS
        }
    except KeyError as error:
        raise KeyError(
            f'{error.args[0]}, which the loss needs; add the transform that makes it before '
            'PackMeshInputs'
        ) from error


def _image_joints(keypoints: Tensor, joints: Tensor, input_size: int) -> Tensor:
    """Crop pixels and root-relative depth in metres as cells of the image grid."""
    depth = joints[..., 2:] / DEPTH_EXTENT + 0.5
    return torch.cat([keypoints / input_size, depth], dim=-1) * IMAGE_GRID


def _inside(image_joints: Tensor) -> Tensor:
    """1 where a coordinate lies in the grid."""
    return ((image_joints >= 0) & (image_joints < IMAGE_GRID)).to(image_joints)
