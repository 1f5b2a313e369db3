"""A backbone that sees nothing: what keypoints alone give, and a start for training with images."""

from mmengine.model import BaseModule
from torch import Tensor

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import BackboneOutput, Condition


@MODELS.register_module()
class BlindBackbone(BaseModule):
    """No maps at all, in no time.

    The neck behind it makes its map of the keypoints alone. What embedding and head learn there
    fits the same neck and head behind another backbone, which continue from there: a step without
    an image costs a fraction of one with, and needs no picture to be read.

    Attributes:
        sees_images: False: the estimator may be called without inputs.
        out_channels: Channels of the maps, none.
        out_strides: Their strides, none.
        token_dim: Width of context tokens that nobody reads.
    """

    sees_images = False
    out_channels = ()
    out_strides = ()
    token_dim = 1

    def forward(self, images: Tensor | None, condition: Condition) -> BackboneOutput:
        """See nothing.

        Args:
            images: Not used.
            condition: Not used.
        """
        return BackboneOutput(())
