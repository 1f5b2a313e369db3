"""Any image backbone of the field under the estimator."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.func import functional_call

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import BackboneOutput, Condition
from dpmesh_plugin.utils.mmcv_ops import import_openmmlab

# Statistics of ImageNet, which nearly all of these backbones were trained with.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@MODELS.register_module()
class ImageBackbone(BaseModule):
    """A backbone that takes no condition: images in, one or several maps out.

    Channels and strides are measured in a pass without memory or arithmetic, so that no config has
    to know them. As the backbone gives no attention maps, the neck injects the heatmaps.

    Args:
        body: Config or module that maps images (B, 3, H, W) to a map or to maps, finest first:
            ``dict(type='TorchvisionFeatures', ...)``, or what a package of the OpenMMLab family
            registers, with the name of the package: ``dict(type='mmpose.HRNet', ...)``. The
            package is imported when it is named.
        input_size: Side of the crop in px that the sizes are measured with.
        mean: Mean of red, green and blue in [0, 1] that the body expects to be subtracted.
        std: Their standard deviations.
        init_cfg: Initialisation as in mmengine.

    Attributes:
        out_channels: Channels of the maps, finest first.
        out_strides: Their strides in input pixels.

    Raises:
        ImportError: the package is not installed.
        ValueError: the maps do not divide the crop, or the finest is not the first.
    """

    def __init__(
        self,
        *,
        body: Mapping[str, Any] | nn.Module,
        input_size: int = 256,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not isinstance(body, nn.Module):
            _import_package(body['type'])
        self.body = MODELS.build_part(body)
        self.register_buffer('mean', torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer('std', torch.tensor(std)[:, None, None], persistent=False)
        shapes = [tuple(each.shape[1:]) for each in measure_maps(self.body, input_size)]
        self.out_channels = tuple(channels for channels, _, _ in shapes)
        self.out_strides = tuple(input_size // width for _, _, width in shapes)
        _check_strides(self.out_strides, shapes, input_size)

    def forward(self, images: Tensor, condition: Condition) -> BackboneOutput:
        """Look at crops.

        Args:
            images: (B, 3, H, W) RGB in [0, 1].
            condition: Not used.
        """
        return BackboneOutput(_as_tuple(self.body((images - self.mean) / self.std)))


@torch.no_grad()
def measure_maps(body: nn.Module, size: int) -> tuple[Tensor, ...]:
    """The maps of one image of a side of ``size`` px, on the meta device: shapes only.

    Args:
        body: Maps images to a map or several; it is not changed.
        size: Side of the image, px.
    """
    state = {**dict(body.named_parameters()), **dict(body.named_buffers())}
    state = {name: each.to('meta') for name, each in state.items()}
    training = body.training
    body.eval()
    maps = functional_call(body, state, (torch.empty(1, 3, size, size, device='meta'),))
    body.train(training)
    return _as_tuple(maps)


def _as_tuple(maps: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    return (maps,) if isinstance(maps, Tensor) else tuple(maps)


def _import_package(kind: str) -> None:
    """Import what registers ``package.Class``; a name without a package needs nothing."""
    package, dot, _ = kind.partition('.')
    if dot:
        import_openmmlab(f'{package}.registry', f'the backbone {kind!r}')


def _check_strides(
    strides: Sequence[int], shapes: Sequence[tuple[int, int, int]], size: int
) -> None:
    uneven = [
        shape
        for stride, shape in zip(strides, shapes, strict=True)
        if shape[1:] != (size / stride,) * 2
    ]
    if uneven:
        raise ValueError(
            f'the body makes maps {uneven} (C, h, w) of a crop of {size} px, which is no whole '
            'number of px per cell: choose another input_size or other nodes'
        )
    if list(strides) != sorted(strides):
        raise ValueError(
            f'the body makes maps of strides {list(strides)} px: name its nodes finest first'
        )
