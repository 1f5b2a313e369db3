"""Mesh and joints of a body as heads and losses want them."""

from torch import Tensor

from dpmesh_plugin.body_models import SMPL

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
