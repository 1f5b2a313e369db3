"""Image tokens that know each other."""

from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS

from .functional import sine_grid
from .position_layers import PositionEncoderLayer


@MODELS.register_module()
class ImageTransformer(nn.Module):
    """One token per cell of the image feature, refined by self-attention.

    Args:
        in_channels: Channels of the image feature.
        channels: Channels of the tokens.
        size: Height and width of the image feature.
        num_layers: Transformer layers.
        num_heads: Attention heads.
        feedforward_channels: Inner width of the feed-forward.
        dropout: Dropout rate.
        frequency_ladder: Whether the position code has wavelengths that grow along the channels.
            The published weights were trained without.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        channels: int = 256,
        size: tuple[int, int] = (8, 8),
        num_layers: int = 2,
        num_heads: int = 8,
        feedforward_channels: int = 2048,
        dropout: float = 0.1,
        frequency_ladder: bool = False,
    ) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(in_channels, channels, 1)
        self.layers = nn.ModuleList(
            PositionEncoderLayer(
                channels, num_heads, feedforward_channels, dropout, batch_first=True
            )
            for _ in range(num_layers)
        )
        position = sine_grid(*size, channels, frequency_ladder=frequency_ladder)
        self.register_buffer('position', position, persistent=False)
        for weight in self.layers.parameters():
            if weight.ndim > 1:
                nn.init.xavier_uniform_(weight)

    def forward(self, feature: Tensor) -> Tensor:
        """Make tokens.

        Args:
            feature: (B, in_channels, H, W).

        Returns:
            (B, H * W, channels), row-major.
        """
        tokens = self.reduce(feature).flatten(2).transpose(1, 2)
        for layer in self.layers:
            tokens = layer(tokens, self.position)
        return tokens
