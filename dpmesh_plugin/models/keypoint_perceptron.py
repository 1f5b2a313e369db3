"""A perceptron over the coordinates of keypoints, in residual pairs of layers.

Source: Martinez et al., A simple yet effective baseline for 3D human pose estimation, ICCV 2017.
"""

from torch import Tensor, nn

# x, y, and a number that says how far the keypoint counts.
VALUES_PER_KEYPOINT = 3


def perceptron_layers(
    num_keypoints: int, out_channels: int, *, width: int, num_blocks: int, dropout: float
) -> tuple[nn.Sequential, nn.ModuleList, nn.Linear]:
    """Make the layers; the model keeps them under the names ``stem``, ``blocks`` and ``out``.

    Args:
        num_keypoints: Keypoints K that go in.
        out_channels: Values that come out.
        width: Width of the hidden layers.
        num_blocks: Number of residual pairs of layers.
        dropout: Share of hidden values that training drops.

    Returns:
        First layer, residual pairs, last layer.
    """
    stem = _layer(num_keypoints * VALUES_PER_KEYPOINT, width, dropout)
    blocks = nn.ModuleList(
        nn.Sequential(_layer(width, width, dropout), _layer(width, width, dropout))
        for _ in range(num_blocks)
    )
    return stem, blocks, nn.Linear(width, out_channels)


def run_perceptron(
    keypoints: Tensor, stem: nn.Sequential, blocks: nn.ModuleList, out: nn.Linear
) -> Tensor:
    """Run the layers of :func:`perceptron_layers`.

    Args:
        keypoints: (B, K, 3) x and y from -1 to 1 over the crop, and how far the keypoint counts.
        stem: First layer.
        blocks: Residual pairs.
        out: Last layer.

    Returns:
        (B, out_channels).
    """
    states = stem(keypoints.flatten(1))
    for block in blocks:
        states = states + block(states)
    return out(states)


def _layer(channels: int, width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(channels, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout)
    )
