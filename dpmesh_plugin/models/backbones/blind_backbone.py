"""A backbone that sees nothing: what keypoints alone give, and a start for training with images."""

from collections.abc import Mapping
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from dpmesh_plugin.models.build import build_part
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import BackboneOutput, Condition


@MODELS.register_module()
class BlindBackbone(BaseModule):
    """Empty maps in the sizes of another backbone, in the time of none.

    Neck and head behind it learn from the heatmaps that the neck injects. Their weights fit the
    same neck and head behind the other backbone, which continue from there: a step without an image
    costs a fraction of one with, and needs no picture to be read.

    Args:
        like: Config or module of the other backbone; only its sizes are kept.
        input_size: Side of the crop, px.
        init_cfg: Initialisation as in mmengine.

    Attributes:
        sees_images: False: the estimator may be called without inputs.
        out_channels: Channels of the maps, finest first.
        out_strides: Their strides in input pixels.
        attention_strides: Strides of the attention maps, finest first.
        token_dim: Width of the context tokens.
    """

    sees_images = False

    def __init__(
        self,
        *,
        like: Mapping[str, Any] | nn.Module,
        input_size: int = 256,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        other = build_part(like)
        self.input_size = input_size
        self.out_channels = other.out_channels
        self.out_strides = other.out_strides
        self.attention_strides = getattr(other, 'attention_strides', ())
        self.token_dim = getattr(other, 'token_dim', 1)

    def forward(self, images: Tensor | None, condition: Condition) -> BackboneOutput:
        """See nothing.

        Args:
            images: Not used.
            condition: Heatmaps (B, K, h, w).
        """
        batch, num_keypoints = condition.heatmaps.shape[:2]

        def empty(channels: int, stride: int) -> Tensor:
            side = self.input_size // stride
            return condition.heatmaps.new_zeros(batch, channels, side, side)

        return BackboneOutput(
            tuple(map(empty, self.out_channels, self.out_strides)),
            tuple(empty(num_keypoints, stride) for stride in self.attention_strides),
        )
