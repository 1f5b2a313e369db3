"""Feature maps of the image models of torchvision."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mmengine.model import BaseModule
from torch import Tensor

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.utils.choices import check_choice

Layout = Literal['channels_first', 'channels_last', 'tokens']


@MODELS.register_module()
class TorchvisionFeatures(BaseModule):
    """What some nodes of a torchvision model compute; layers that they do not need are left out.

    Args:
        model: A function or class of ``torchvision.models``, such as ``'resnet50'``, ``'swin_t'``
            or ``'VisionTransformer'``.
        nodes: Nodes to tap, finest first, as ``torchvision.models.feature_extraction`` names them;
            a stage stands for its last node: ``'layer4'``.
        layout: What the nodes compute: ``'channels_first'``: (B, C, h, w); ``'channels_last'``:
            (B, h, w, C), as Swin does; ``'tokens'``: (B, 1 + h * w, C), a class token, which is
            dropped, and a square of patches row by row, as ViT does.
        options: Arguments of the function or class, such as ``dict(weights='DEFAULT')``, which
            downloads, or ``dict(image_size=256)`` of a ViT.
        init_cfg: Initialisation as in mmengine.

    Raises:
        KeyError: torchvision has no such model.
        ValueError: the model has no such node, no node is named, or the layout is unknown.
    """

    def __init__(
        self,
        *,
        model: str,
        nodes: Sequence[str],
        layout: Layout = 'channels_first',
        options: Mapping[str, Any] | None = None,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        from torchvision import models
        from torchvision.models.feature_extraction import create_feature_extractor

        check_choice('layout', layout, Layout)
        if not nodes:
            raise ValueError(f'nodes is empty: name the nodes of {model} to tap')
        builder = getattr(models, model, None)
        if not callable(builder):
            known = ', '.join(models.list_models(module=models))
            raise KeyError(f'torchvision has no model {model!r}; it has {known}')
        self.layout = layout
        self.extractor = create_feature_extractor(
            builder(**(options or {})), {node: str(place) for place, node in enumerate(nodes)}
        )

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Maps (B, C_i, h_i, w_i) of images (B, 3, H, W), in the order of the nodes."""
        outputs = self.extractor(images)
        return tuple(as_map(outputs[str(place)], self.layout) for place in range(len(outputs)))


def as_map(features: Tensor, layout: Layout) -> Tensor:
    """Features of some layout as a map (B, C, h, w)."""
    if layout == 'channels_first':
        return features
    if layout == 'channels_last':
        return features.permute(0, 3, 1, 2)
    patches = features[:, 1:]
    side = round(patches.shape[1] ** 0.5)
    return patches.transpose(1, 2).unflatten(2, (side, side))
