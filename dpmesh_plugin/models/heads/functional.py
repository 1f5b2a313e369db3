"""Position codes and coordinate maps of the token head, as pure functions."""

import math

import torch
from torch import Tensor

SINE_TEMPERATURE = 10000.0
"""Ratio of the longest to the shortest wavelength, as in Vaswani et al. 2017."""

LOGIT_EPS = 1e-5


def sine_table(length: int, channels: int) -> Tensor:
    """Position code of a sequence: sine on even channels, cosine on odd ones.

    Returns:
        (length, channels). Position 1 starts with sin 1 = 0.8415, cos 1 = 0.5403.
    """
    pairs = torch.arange(channels, dtype=torch.float64) // 2
    positions = torch.arange(length, dtype=torch.float64)
    angles = positions[:, None] / SINE_TEMPERATURE ** (2 * pairs / channels)
    return _alternate(angles).to(torch.float32)


def sine_grid(height: int, width: int, channels: int, *, frequency_ladder: bool) -> Tensor:
    """Position code of a picture: half of the channels for the row, then half for the column.

    Row and column count from 1 and are scaled to (0, 2 pi].

    Args:
        height: Rows.
        width: Columns.
        channels: Channels of the code, a multiple of 4.
        frequency_ladder: Whether wavelengths grow along the channels, as in DETR. The published
            model truncates the exponent of the ladder to 0, so every channel has frequency 1.

    Returns:
        (height * width, channels), row-major.
    """
    half = channels // 2
    exponents = 2 * (torch.arange(half) // 2) / half if frequency_ladder else torch.zeros(half)
    scale = SINE_TEMPERATURE**exponents
    rows = _alternate(_circle(height)[:, None] / scale)
    columns = _alternate(_circle(width)[:, None] / scale)
    code = torch.cat(
        [
            rows[:, None].expand(height, width, half),
            columns[None].expand(height, width, half),
        ],
        dim=-1,
    )
    return code.reshape(height * width, channels)


def _circle(count: int) -> Tensor:
    """Angles (count,) of the cells 1..count, the last one a full turn."""
    return torch.arange(1, count + 1) / (count + 1e-6) * (2 * math.pi)


def _alternate(angles: Tensor) -> Tensor:
    """Sine on even channels, cosine on odd ones."""
    code = torch.empty_like(angles)
    code[..., 0::2] = angles[..., 0::2].sin()
    code[..., 1::2] = angles[..., 1::2].cos()
    return code


def inverse_sigmoid(probability: Tensor) -> Tensor:
    """Logit with both arguments kept at least 1e-5. Example: 0.9 -> 2.1972, 0 -> -11.5129."""
    probability = probability.clamp(0, 1)
    return torch.log(probability.clamp(min=LOGIT_EPS) / (1 - probability).clamp(min=LOGIT_EPS))


def depth_anchors(exponent: Tensor, size: tuple[int, int, int]) -> Tensor:
    """Coordinates of the cells of a volume whose depth is spaced by a power.

    Args:
        exponent: Scalar of the power.
        size: Depth, height and width of the volume in cells.

    Returns:
        (3, D, H, W) in the order z, y, x, each in [0, 1): index / size, for z to the power.
        Example: depth index 4 of 8 with exponent 3 is at 0.125.
    """
    steps = [torch.arange(n, device=exponent.device, dtype=exponent.dtype) / n for n in size]
    z, y, x = torch.meshgrid(*steps, indexing='ij')
    return torch.stack([z**exponent, y, x])
