"""A perceptron over the coordinates of keypoints."""

from torch import Tensor, nn

# x, y, and a number that says how far the keypoint counts.
VALUES_PER_KEYPOINT = 3


class KeypointPerceptron(nn.Module):
    """Linear layers of one width in residual pairs.

    Source: Martinez et al., A simple yet effective baseline for 3D human pose estimation, ICCV
    2017.

    Args:
        num_keypoints: Keypoints K that go in.
        out_channels: Values that come out.
        width: Width of the hidden layers.
        num_blocks: Number of residual pairs of layers.
        dropout: Share of hidden values that training drops.
    """

    def __init__(
        self,
        *,
        num_keypoints: int,
        out_channels: int,
        width: int = 512,
        num_blocks: int = 2,
        dropout: float = 0.05,
    ) -> None:
        super().__init__()
        self.stem = _layer(num_keypoints * VALUES_PER_KEYPOINT, width, dropout)
        self.blocks = nn.ModuleList(
            nn.Sequential(_layer(width, width, dropout), _layer(width, width, dropout))
            for _ in range(num_blocks)
        )
        self.out = nn.Linear(width, out_channels)

    def forward(self, values: Tensor) -> Tensor:
        """Map what is known of keypoints.

        Args:
            values: (B, K, 3) x and y from -1 to 1 over the crop, and how far the keypoint counts.

        Returns:
            (B, out_channels).
        """
        states = self.stem(values.flatten(1))
        for block in self.blocks:
            states = states + block(states)
        return self.out(states)


def _layer(channels: int, width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(channels, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout)
    )
