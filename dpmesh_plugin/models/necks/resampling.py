"""Layers between feature maps of different strides."""

from math import gcd

from torch import nn

NORM_GROUPS = 16


def resample(channels: int, stride: int, out_stride: int) -> nn.Module:
    """Layers that bring a map from one stride to another: convolutions down, repeated cells up.

    Args:
        channels: Of the map.
        stride: Of the map, px of the crop.
        out_stride: Of the result.

    Raises:
        ValueError: no whole number of layers leads there.
    """
    if stride == out_stride:
        return nn.Identity()
    if stride > out_stride and stride % out_stride == 0:
        return nn.Upsample(scale_factor=stride / out_stride, mode='nearest')
    halvings = max((out_stride // stride).bit_length() - 1, 0)
    if stride << halvings != out_stride:
        raise ValueError(
            f'a map of stride {stride} cannot be brought to out_stride {out_stride}: expected '
            'out_stride / stride to be a power of two, or stride / out_stride to be whole; set '
            'out_stride, or heatmap_stride for the heatmaps'
        )
    layers = []
    for step in range(halvings):
        if step:
            layers += [group_norm(channels), nn.ReLU()]
        layers.append(nn.Conv2d(channels, channels, kernel_size=3, stride=2, padding=1))
    return nn.Sequential(*layers)


def group_norm(channels: int) -> nn.GroupNorm:
    """A normalisation of as many groups as fit, 16 at most."""
    return nn.GroupNorm(gcd(NORM_GROUPS, channels), channels)
