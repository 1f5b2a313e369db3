"""What every head returns."""

from dataclasses import dataclass, replace

from torch import Tensor

from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix, matrix_to_axis_angle
from dpmesh_plugin.structures import SMPL_FIELDS

PREDICTED_FIELDS = (
    *SMPL_FIELDS,
    *('camera', 'transl', 'pelvis', 'vertices', 'joints', 'keypoints_2d'),
)
"""Fields that a prediction has as they are."""


@dataclass(frozen=True)
class HeadOutput:
    """Raw outputs of a head and the body they describe, batched.

    Axes of the camera: x right, y down, z forward. A point of the body in the camera of the crop
    is ``vertices + pelvis + transl``.

    Args:
        orient_6d: (B, 6) root orientation as 3x2 matrix, row-major.
        pose_latent: (B, D) input of the pose decoder.
        global_orient: (B, 3) root orientation, axis-angle, rad.
        body_pose: (B, 23, 3) axis-angle, rad.
        betas: (B, 10).
        camera: (B, 3) raw camera output.
        transl: (B, 3) translation of the body model in the camera of the crop, m.
        pelvis: (B, 3) pelvis of the body before the translation, m.
        vertices: (B, V, 3) relative to the pelvis, m; None where they were not asked for.
        joints: (B, 30, 3) ``dpmesh_30`` relative to the pelvis, m.
        keypoints_2d: (B, 30, 2) projected joints, px of the crop.
        image_joints: (B, K, 3) x, y, depth estimated before the body, each in [0, 1] over the
            crop and over 2 m about the root; None for a head without such an estimate.
        volume: (B, C, D, H, W) refined volume in front of the camera; None for a head without one.
    """

    orient_6d: Tensor
    pose_latent: Tensor
    global_orient: Tensor
    body_pose: Tensor
    betas: Tensor
    camera: Tensor
    transl: Tensor
    pelvis: Tensor
    vertices: Tensor | None
    joints: Tensor
    keypoints_2d: Tensor
    image_joints: Tensor | None = None
    volume: Tensor | None = None

    def turned(self, rotation: Tensor) -> 'HeadOutput':
        """The same body in other axes; what lies in the crop stays.

        Args:
            rotation: (B, 3, 3) from the axes of this output to the others.
        """

        def turn(points: Tensor | None) -> Tensor | None:
            return None if points is None else points @ rotation.transpose(1, 2)

        orient = rotation @ axis_angle_to_matrix(self.global_orient)
        return replace(
            self,
            global_orient=matrix_to_axis_angle(orient),
            vertices=turn(self.vertices),
            joints=turn(self.joints),
        )
