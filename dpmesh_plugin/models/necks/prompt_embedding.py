"""What all keypoints of a prompt say together, as one vector."""

import torch
from torch import Tensor

from dpmesh_plugin.models.keypoint_perceptron import KeypointPerceptron
from dpmesh_plugin.registry import MODELS


@MODELS.register_module()
class PromptEmbedding(KeypointPerceptron):
    """A perceptron over the coordinates of a prompt.

    Heatmaps and tokens tell where each keypoint is; how the figure stands in space follows from
    all of them together, which a perceptron learns in a small part of the steps. Where none of its
    parameters is trained it stays in evaluation mode, so that the statistics of its batches do not
    change either.

    Args:
        num_keypoints: Keypoints K of the prompt.
        out_channels: Length of the vector.
        width: Width of the hidden layers.
        num_blocks: Number of residual pairs of layers.
        dropout: Share of hidden values that training drops.
    """

    def train(self, mode: bool = True) -> 'PromptEmbedding':
        """Set the mode, see the class."""
        return super().train(mode and any(each.requires_grad for each in self.parameters()))

    def forward(self, points: Tensor, mask: Tensor) -> Tensor:
        """Embed.

        Args:
            points: (B, K, 2) x, y from 0 to 1 over the crop.
            mask: (B, K) 1 where a keypoint is used; the others enter as zeros.

        Returns:
            (B, out_channels).
        """
        mask = mask[..., None]
        # Half precision would round the coordinates to a pixel of the crop.
        with torch.autocast(points.device.type, enabled=False):
            return super().forward(torch.cat([(2 * points - 1) * mask, mask], dim=-1))
