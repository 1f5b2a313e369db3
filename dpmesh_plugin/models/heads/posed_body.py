"""Mesh and joints of a body as heads and losses want them."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.geometry.camera import (
    PUBLISHED_DEPTH_OFFSET,
    camera_to_translation,
    project,
)
from dpmesh_plugin.geometry.rotation import matrix_to_axis_angle, rotation_6d_to_matrix

KEYPOINT_SET = 'dpmesh_30'


def mesh_and_joints(
    body_model: SMPL,
    global_orient: Tensor,
    body_pose: Tensor,
    betas: Tensor,
    *,
    with_vertices: bool,
) -> tuple[Tensor | None, Tensor]:
    """Vertices (B, V, 3), if wanted, and joints (B, 30, 3) of bodies, m.

    Args:
        body_model: The body model.
        global_orient: (B, 3) axis-angle, rad.
        body_pose: (B, 23, 3) axis-angle, rad.
        betas: (B, 10).
        with_vertices: Whether to compute the whole mesh, or only what the joints need.
    """
    parameters = {'global_orient': global_orient, 'body_pose': body_pose, 'betas': betas}
    if not with_vertices:
        return None, body_model.keypoints(keypoint_set=KEYPOINT_SET, **parameters)
    vertices = body_model(**parameters).vertices
    return vertices, body_model.regress(vertices, KEYPOINT_SET)


def decode_body(
    raw: Mapping[str, Tensor],
    focal: Tensor,
    *,
    body_model: SMPL,
    pose_decoder: nn.Module,
    input_size: int,
    with_vertices: bool,
) -> dict[str, Tensor | None]:
    """The body of the raw outputs of a head.

    Args:
        raw: ``orient_6d`` (B, 6), ``pose_latent`` (B, ``latent_dim``), ``betas`` (B, 10) and
            ``camera`` (B, 3).
        focal: (B,) focal length of the camera of the crop, px.
        body_model: The body model.
        pose_decoder: Turns a latent into a body pose (B, 23, 3).
        input_size: Side of the crop, px.
        with_vertices: Whether to compute the whole mesh.

    Returns:
        All fields of :class:`HeadOutput` but ``image_joints`` and ``volume``.
    """
    global_orient = matrix_to_axis_angle(rotation_6d_to_matrix(raw['orient_6d']))
    body_pose = pose_decoder(raw['pose_latent'])
    vertices, joints = mesh_and_joints(
        body_model, global_orient, body_pose, raw['betas'], with_vertices=with_vertices
    )
    transl = camera_to_translation(raw['camera'], focal, input_size=input_size)
    center = torch.full_like(transl[:, :2], input_size / 2)
    keypoints_2d = project(
        joints + transl[:, None], focal, center, depth_offset=PUBLISHED_DEPTH_OFFSET
    )
    pelvis = joints[:, :1]
    return {
        **raw,
        'global_orient': global_orient,
        'body_pose': body_pose,
        'transl': transl,
        'pelvis': pelvis[:, 0],
        'vertices': None if vertices is None else vertices - pelvis,
        'joints': joints - pelvis,
        'keypoints_2d': keypoints_2d,
    }
