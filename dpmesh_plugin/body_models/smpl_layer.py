"""The skinned body of one gender."""

import torch
from torch import Tensor, nn

from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix

from .body_file import BodyFile
from .lbs import posed_transforms, shape_coefficients, skin


class SMPLLayer(nn.Module):
    """Pose, shape and translation to vertices and joints, for one gender or some of its vertices.

    No buffer is persistent: body data never enters a checkpoint.

    Args:
        directions: Template, shape and pose directions of the vertices ``(1 + S + 207, 3, V)``, m.
        joint_directions: Template and shape directions of the joints ``(1 + S, 24, 3)``, m.
        weights: Skinning weights ``(24, V)``.
        parents: Parent of every joint, -1 for the root.
    """

    def __init__(
        self,
        *,
        directions: Tensor,
        joint_directions: Tensor,
        weights: Tensor,
        parents: tuple[int, ...],
    ) -> None:
        super().__init__()
        self.parents = parents
        self.register_buffer('directions', directions.contiguous(), persistent=False)
        self.register_buffer('joint_directions', joint_directions, persistent=False)
        self.register_buffer('weights', weights.contiguous(), persistent=False)

    @classmethod
    def from_file(cls, body: BodyFile) -> 'SMPLLayer':
        """Build the layer of the arrays of one body-model file."""
        template, shapedirs, posedirs, regressor = (
            torch.from_numpy(array).double()
            for array in (body.v_template, body.shapedirs, body.posedirs, body.joint_regressor)
        )
        shaped = torch.cat((template[None], shapedirs.permute(2, 0, 1)))
        directions = torch.cat((shaped, posedirs.permute(2, 0, 1))).transpose(1, 2)
        return cls(
            directions=directions.float(),
            joint_directions=(regressor @ shaped).float(),
            weights=torch.from_numpy(body.weights).T,
            parents=body.parents,
        )

    def forward(
        self, global_orient: Tensor, body_pose: Tensor, betas: Tensor, transl: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Skin a batch of bodies.

        Args:
            global_orient: Root axis-angle ``(B, 3)``, radians.
            body_pose: Axis-angle of joints 1 to 23 ``(B, 23, 3)``, radians.
            betas: Shape coefficients ``(B, S)``.
            transl: Translation ``(B, 3)``, m, added at the end.

        Returns:
            Vertices ``(B, V, 3)`` and joints ``(B, 24, 3)``, m.
        """
        rotations = axis_angle_to_matrix(torch.cat((global_orient[:, None], body_pose), dim=1))
        return self.posed(rotations, betas, transl)[:2]

    def posed(
        self, rotations: Tensor, betas: Tensor, transl: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Skin a batch of bodies whose pose is given as matrices.

        Args:
            rotations: Relative to the parent ``(B, 24, 3, 3)``, root first.
            betas: Shape coefficients ``(B, S)``.
            transl: Translation ``(B, 3)``, m, added at the end.

        Returns:
            Vertices ``(B, V, 3)`` and joints ``(B, 24, 3)``, m, and the transforms of the joints
            ``(B, 24, 3, 4)``.
        """
        coefficients = shape_coefficients(betas, rotations)
        rest_vertices = (coefficients @ self.directions.flatten(1)).unflatten(1, (3, -1))
        shape = coefficients[:, : len(self.joint_directions)]
        rest_joints = (shape @ self.joint_directions.flatten(1)).unflatten(1, (-1, 3))
        joints, transforms = posed_transforms(rotations, rest_joints, self.parents)
        if transl is not None:
            joints = joints + transl[:, None]
            transforms = torch.cat(
                (transforms[..., :3], transforms[..., 3:] + transl[:, None, :, None]), dim=-1
            )
        return skin(rest_vertices, transforms, self.weights), joints, transforms

    def subset(self, vertex_ids: Tensor) -> 'SMPLLayer':
        """The layer of some vertices ``(V',)``; joints stay those of the whole body."""
        return SMPLLayer(
            directions=self.directions[:, :, vertex_ids],
            joint_directions=self.joint_directions,
            weights=self.weights[:, vertex_ids],
            parents=self.parents,
        )
