"""Feature maps of the image encoders of the transformers library."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn
from transformers import CONFIG_MAPPING, AutoBackbone, AutoConfig

from dpmesh_plugin.registry import MODELS


@MODELS.register_module()
class TransformersFeatures(BaseModule):
    """What some stages of an encoder of the transformers library compute.

    It is the ``body`` of :class:`~dpmesh_plugin.models.ImageBackbone`. Nothing is downloaded: an
    encoder starts from random weights, or from a folder that ``save_pretrained`` wrote or a model
    hub gave.

    Args:
        architecture: Name of the encoder in the library, such as ``'dinov2'``, ``'dinov3_vit'``,
            ``'swinv2'`` or ``'convnextv2'``.
        stages: Stages to tap, finest first, by the names the library gives them: ``'stage4'``.
        side: Side in px to which a crop is brought first, for encoders whose patches do not divide
            it: the 14 px of DINOv2 divide 224, not 256. None: as it comes.
        options: Entries of the library's config for this encoder, such as
            ``dict(hidden_size=384)``.
        weights: Folder with ``config.json`` and ``model.safetensors``, in the place of random
            weights; what ``options`` says then overrides its config.
        pyramid: What makes several maps of the tapped ones, or its config; None: they are given on
            as they are.
        init_cfg: Initialisation as in mmengine.

    Raises:
        KeyError: the library has no such encoder; the message lists those it has.
        FileNotFoundError: no folder at ``weights``.
        ValueError: the encoder has no such stage, or the weights are those of another encoder.
    """

    def __init__(
        self,
        *,
        architecture: str,
        stages: Sequence[str],
        side: int | None = None,
        options: Mapping[str, Any] | None = None,
        weights: str | Path | None = None,
        pyramid: Mapping[str, Any] | nn.Module | None = None,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        config = encoder_config(architecture, options or {}, weights)
        missing = [stage for stage in stages if stage not in config.stage_names]
        if missing or not stages:
            raise ValueError(
                f'{architecture} has the stages {config.stage_names}; got {list(stages)}'
            )
        config.out_features = list(stages)
        encoder = AutoBackbone._model_mapping[type(config)]
        self.encoder = (
            encoder(config)
            if weights is None
            else encoder.from_pretrained(weights, config=config, local_files_only=True)
        )
        self.side = side
        self.pyramid = MODELS.build_part(pyramid) if pyramid is not None else nn.Identity()

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Maps (B, C_i, h_i, w_i) of images (B, 3, H, W), finest first."""
        if self.side is not None:
            images = F.interpolate(
                images, size=self.side, mode='bilinear', antialias=images.device.type != 'meta'
            )
        return tuple(self.pyramid(tuple(self.encoder(images).feature_maps)))


def encoder_config(
    architecture: str, options: Mapping[str, Any], weights: str | Path | None
) -> Any:
    """The library's config of an encoder.

    Args:
        architecture: See :class:`TransformersFeatures`.
        options: See there.
        weights: See there.

    Raises:
        KeyError: there is no encoder of this name.
        FileNotFoundError: there is no folder at ``weights``.
        ValueError: the folder holds another encoder.
    """
    encoders = AutoBackbone._model_mapping
    names = sorted(config.model_type for config in encoders if config.model_type)
    if architecture not in names:
        raise KeyError(
            f'transformers has no image encoder {architecture!r}; it has {", ".join(names)}'
        )
    if weights is None:
        return CONFIG_MAPPING[architecture](**options)
    if not Path(weights).is_dir():
        raise FileNotFoundError(
            f'expected a folder with config.json and model.safetensors, found none at '
            f'{Path(weights).absolute()}. save_pretrained of the library writes one'
        )
    config = AutoConfig.from_pretrained(weights, local_files_only=True, **options)
    if config.model_type != architecture:
        raise ValueError(
            f'{weights} holds weights of {config.model_type}, not of {architecture}: correct '
            'architecture or weights'
        )
    return config
