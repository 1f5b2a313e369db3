"""What a head regressed, moved to where its joints meet the keypoints."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.geometry.crop import crop_projection
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix, matrix_to_axis_angle
from dpmesh_plugin.structures import KeypointPrompt, MeshDataSample

from .crop_camera import image_cameras, translation_in_crop, translation_in_image
from .head_output import HeadOutput
from .keypoint_alignment import BodyState, KeypointAlignment, Measurement
from .posed_body import mesh_and_joints


def align_output(
    output: HeadOutput,
    alignment: KeypointAlignment,
    feats: Tensor,
    prompt: KeypointPrompt,
    data_samples: Sequence[MeshDataSample],
    *,
    body_model: SMPL,
    focal: Tensor,
    input_size: int,
    with_vertices: bool,
) -> HeadOutput:
    """What a head regressed, aligned with keypoints.

    Args:
        output: The output in the axes of the image's camera.
        alignment: The alignment.
        feats: (B, C, h, w) fused map.
        prompt: Keypoints of the crops.
        data_samples: B samples with the metainfo ``warp_mat, focal_length, principal_point``.
        body_model: Body model of the head.
        focal: (B,) focal lengths of the cameras of the crops, px.
        input_size: Side of the crop, px.
        with_vertices: Whether to compute the whole mesh.

    Returns:
        The output with another pose and place; ``keypoints_2d`` are where the camera of the image
        sees them. What the head gave before the body (``orient_6d, pose_latent, camera``) stays.
    """
    with torch.autocast(feats.device.type, enabled=False):
        moved = translation_in_image(output.transl, focal, data_samples, input_size=input_size)
        projection = crop_projection(**image_cameras(data_samples)).to(moved)
        seen = Measurement.of(prompt, projection, input_size)
        pose = torch.cat([output.global_orient[:, None], output.body_pose], dim=1)
        state = BodyState(axis_angle_to_matrix(pose), output.pelvis + moved)
        state = alignment(state, output.betas, seen, feats, body_model)
        pose = matrix_to_axis_angle(state.rotations)
        vertices, joints = mesh_and_joints(
            body_model, pose[:, 0], pose[:, 1:], output.betas, with_vertices=with_vertices
        )
        pelvis = joints[:, :1]
        joints = joints - pelvis
        transl = translation_in_crop(
            state.root - pelvis[:, 0], focal, data_samples, input_size=input_size
        )
        keypoints_2d = seen.view(joints + state.root[:, None])[0] * input_size
    return replace(
        output,
        global_orient=pose[:, 0],
        body_pose=pose[:, 1:],
        transl=transl,
        pelvis=pelvis[:, 0],
        vertices=None if vertices is None else vertices - pelvis,
        joints=joints,
        keypoints_2d=keypoints_2d,
    )
