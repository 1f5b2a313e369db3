"""A backbone from outside the package."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import BackboneOutput, Condition


@MODELS.register_module()
class PatchBackbone(BaseModule):
    """Patches to features, twice as coarse at every stage.

    It takes no condition, so the neck injects the keypoint heatmaps itself.

    Args:
        channels: Channels of the maps, finest first.
        patch_size: Side of a patch, px.

    Attributes:
        out_channels: Channels of the maps, finest first.
        out_strides: Their strides in input pixels.
    """

    def __init__(self, *, channels: Sequence[int] = (32, 64, 128), patch_size: int = 8) -> None:
        super().__init__()
        self.out_channels = tuple(channels)
        self.out_strides = tuple(patch_size * 2**stage for stage in range(len(channels)))
        sizes = [3, *channels]
        self.stages = nn.ModuleList(
            nn.Conv2d(sizes[stage], width, kernel_size=step, stride=step)
            for stage, (width, step) in enumerate(
                zip(channels, [patch_size] + [2] * (len(channels) - 1), strict=True)
            )
        )

    def forward(self, images: Tensor, condition: Condition) -> BackboneOutput:
        """Look at images (B, 3, H, W) in [0, 1]; the condition is not used."""
        features = []
        for stage in self.stages:
            images = torch.relu(stage(images))
            features.append(images)
        return BackboneOutput(tuple(features))
