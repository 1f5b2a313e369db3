"""Body pose from the numbers that a head regresses."""

import torch
from torch import Tensor, nn

from dpmesh_plugin.geometry.rotation import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    matrix_to_rotation_6d,
    rotation_6d_to_matrix,
)
from dpmesh_plugin.registry import BODY_MODELS

NUM_DECODED = 21
NUM_HANDS = 2
LEFT_SHOULDER, RIGHT_SHOULDER = 15, 16
"""Indices among the 23 joints of the body pose, which lacks the root."""

LOWERED_ARM = 1.2
"""Turn of the shoulders about z from the T-pose to hanging arms, rad."""


@BODY_MODELS.register_module()
class ContinuousPoseDecoder(nn.Module):
    """Six numbers per joint, added to a standing person with hanging arms; no prior, no weights.

    It takes the place of the licensed pose prior. A latent of zeros is the standing person.
    """

    latent_dim = NUM_DECODED * 6

    def __init__(self) -> None:
        super().__init__()
        rest = torch.zeros(NUM_DECODED, 3)
        rest[LEFT_SHOULDER, 2], rest[RIGHT_SHOULDER, 2] = -LOWERED_ARM, LOWERED_ARM
        rest_6d = matrix_to_rotation_6d(axis_angle_to_matrix(rest))
        self.register_buffer('rest_6d', rest_6d, persistent=False)

    def forward(self, latent: Tensor) -> Tensor:
        """Decode.

        Args:
            latent: (B, 126), six numbers of a 3x2 matrix in row-major order per joint.

        Returns:
            (B, 23, 3) axis-angle in rad; the two hands are zero.
        """
        rotations = rotation_6d_to_matrix(latent.unflatten(-1, (NUM_DECODED, 6)) + self.rest_6d)
        decoded = matrix_to_axis_angle(rotations)
        return torch.cat([decoded, decoded.new_zeros(len(latent), NUM_HANDS, 3)], dim=1)
