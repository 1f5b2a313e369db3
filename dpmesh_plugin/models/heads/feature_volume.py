"""An image feature lifted to a volume in front of the camera."""

import torch
from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS

from .functional import depth_anchors, sine_table
from .position_layers import PositionEncoderLayer

EXPONENT_START = 3.0
EXPONENT_RANGE = (1.0, 20.0)


@MODELS.register_module()
class FeatureVolume(nn.Module):
    """Split channels into depth cells, tell every cell where it is, and refine the volume.

    Depth cells are spaced by a learned power, so that the resolution is finest where people are.

    Args:
        in_channels: Channels of the image feature.
        channels: Channels of the volume.
        size: Depth, height and width of the volume; the image feature is (height, width).
        num_layers: Layers of the refining transformer.
        num_heads: Attention heads.
        feedforward_channels: Inner width of its feed-forward.
        dropout: Dropout rate.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        channels: int = 256,
        size: tuple[int, int, int] = (8, 8, 8),
        num_layers: int = 2,
        num_heads: int = 8,
        feedforward_channels: int = 1024,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.channels = channels
        self.size = tuple(size)
        depth, height, width = self.size
        self.lift = nn.Conv2d(in_channels, channels * depth, 1)
        self.exponent = nn.Parameter(torch.tensor(EXPONENT_START))
        self.place = nn.Conv3d(channels + 3, channels, 1)
        self.layers = nn.ModuleList(
            PositionEncoderLayer(
                channels, num_heads, feedforward_channels, dropout, batch_first=True
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(channels)
        position = sine_table(depth * height * width, channels)
        self.register_buffer('position', position, persistent=False)

    @property
    def depth_exponent(self) -> Tensor:
        """Power that spaces the depth cells, kept in its range."""
        return self.exponent.clamp(*EXPONENT_RANGE)

    def forward(self, feature: Tensor) -> Tensor:
        """Lift and refine.

        Args:
            feature: (B, in_channels, H, W).

        Returns:
            (B, channels, D, H, W).
        """
        batch = len(feature)
        volume = self.lift(feature).reshape(batch, self.channels, *self.size)
        anchors = depth_anchors(self.depth_exponent, self.size).to(volume.dtype)
        volume = self.place(torch.cat([volume, anchors.expand(batch, -1, -1, -1, -1)], dim=1))
        tokens = volume.flatten(2).transpose(1, 2)
        for layer in self.layers:
            tokens = layer(tokens, self.position)
        return self.norm(tokens).transpose(1, 2).reshape(batch, self.channels, *self.size)
