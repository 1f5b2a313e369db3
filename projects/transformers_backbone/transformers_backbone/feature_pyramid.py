"""Maps of several strides out of an encoder whose maps all have one."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS


@MODELS.register_module()
class FeaturePyramid(BaseModule):
    """The simple pyramid of plain vision transformers: half, once and twice the stride.

    Only the last map of the encoder is used, since it alone has seen every layer.

    Args:
        in_channels: Channels of the encoder's map.
        out_channels: Channels of each of the three maps.

    Source: Li et al., Exploring Plain Vision Transformer Backbones for Object Detection, ECCV 2022.
    """

    def __init__(self, *, in_channels: int, out_channels: int = 256) -> None:
        super().__init__()
        self.finer = nn.ConvTranspose2d(in_channels, out_channels, kernel_size=2, stride=2)
        self.same = nn.Conv2d(in_channels, out_channels, kernel_size=1)
        self.coarser = nn.Conv2d(in_channels, out_channels, kernel_size=2, stride=2)

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Maps (B, C', 2h, 2w), (B, C', h, w), (B, C', h/2, w/2) of the last map (B, C, h, w)."""
        last = maps[-1]
        return self.finer(last), self.same(last), self.coarser(last)
