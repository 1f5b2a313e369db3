"""From a crop and a keypoint prompt to a mesh."""

from collections.abc import Sequence
from typing import Literal

from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from torch import Tensor, nn

from dpmesh_plugin.models.heads.head_output import HeadOutput
from dpmesh_plugin.models.trainable import freeze_all_but
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import BackboneOutput, KeypointPrompt, MeshDataSample
from dpmesh_plugin.utils.choices import check_choice

Mode = Literal['loss', 'predict', 'tensor']
TrainPrompt = Literal['prompt', 'clean_prompt']

OPTIONAL_SIZES = ('attention_strides', 'token_dim')
"""Sizes that a backbone states only where it attends to keypoint tokens."""


@MODELS.register_module()
class MeshEstimator(BaseModel):
    """Prompt, backbone, neck and head.

    Sizes travel from part to part, so that no config repeats them: the neck gets
    ``in_channels, in_strides`` and, where the backbone states them, ``attention_strides`` and
    ``token_dim``; the head gets ``in_channels``. A size that a config does give wins.

    Args:
        backbone: Config or module with ``out_channels`` and ``out_strides``, called with images
            and condition.
        neck: Config or module with ``out_channels``, ``encode`` for the prompt, called with the
            output of the backbone and the condition.
        head: Config or module with ``loss``, ``predict``, ``crop_focal``, called with the fused
            map and focal lengths.
        auxiliary: Config or module with ``loss``, called with the fused map and the samples: terms
            beside those of the head, such as :class:`BodySurfaceHead`. Training only.
        data_preprocessor: Config or module. None: :class:`MeshDataPreprocessor`.
        trainable: Names of what is trained: parts, or what lies below them, such as ``'neck'`` or
            ``'head.decoder'``; the rest is frozen. What a part itself keeps from training stays
            so: ``'backbone'`` means what ``trainable`` of the backbone names. None: all of it.
        train_prompt: Keypoints that the loss is computed with: ``'prompt'``, or ``'clean_prompt'``
            for a teacher that is trained without errors of a detector (:class:`CleanPrompt`).
        init_cfg: Initialisation as in mmengine, for example ``dict(type='Pretrained',
            checkpoint='ckpt.pth')``.

    Raises:
        ValueError: unknown train_prompt, or a name in ``trainable`` covers nothing that could be
            trained.
    """

    def __init__(
        self,
        *,
        backbone: dict | nn.Module,
        neck: dict | nn.Module,
        head: dict | nn.Module,
        auxiliary: dict | nn.Module | None = None,
        data_preprocessor: dict | nn.Module | None = None,
        trainable: Sequence[str] | None = None,
        train_prompt: TrainPrompt = 'prompt',
        init_cfg: dict | None = None,
    ) -> None:
        check_choice('train_prompt', train_prompt, TrainPrompt)
        preprocessor = MODELS.build_part(data_preprocessor or {'type': 'MeshDataPreprocessor'})
        super().__init__(data_preprocessor=preprocessor, init_cfg=init_cfg)
        self.backbone = MODELS.build_part(backbone)
        optional = {
            name: getattr(self.backbone, name)
            for name in OPTIONAL_SIZES
            if hasattr(self.backbone, name)
        }
        self.neck = MODELS.build_part(
            neck,
            in_channels=self.backbone.out_channels,
            in_strides=self.backbone.out_strides,
            **optional,
        )
        self.head = MODELS.build_part(head, in_channels=self.neck.out_channels)
        self.auxiliary = MODELS.build_part(auxiliary, in_channels=self.neck.out_channels)
        self.train_prompt = train_prompt
        if trainable is not None:
            freeze_all_but(self, trainable, 'this model')

    @property
    def body_model(self) -> nn.Module:
        """The body model of the predictions, that of the head."""
        return self.head.body_model

    def forward(
        self,
        inputs: Tensor | None = None,
        data_samples: Sequence[MeshDataSample] | None = None,
        mode: Mode = 'tensor',
        *,
        latents: Tensor | None = None,
    ) -> dict[str, Tensor] | list[MeshDataSample] | HeadOutput:
        """Run the model.

        Args:
            inputs: (B, 3, H, W) RGB in [0, 1]; None for a backbone that sees no images.
            data_samples: B samples with a prompt; their order is that of the inputs.
            mode: ``'loss'``: terms of the loss by name; ``'predict'``: the samples with
                ``pred_instances`` set; ``'tensor'``: the output of the head.
            latents: (B, C, h, w) in the place of ``inputs``: crops that were encoded before, see
                ``LatentCacheDataset``.

        Raises:
            ValueError: unknown mode, not one sample per input, or not one of inputs and latents.
        """
        self.check_call(inputs, latents, data_samples, mode)
        field = self.train_prompt if mode == 'loss' else 'prompt'
        prompt = self.prompt_of(data_samples, field)
        feats = self.perceive(prompt, inputs, latents)[1]
        if mode == 'loss':
            losses = self.head.loss(feats, data_samples, prompt)
            return losses | self.auxiliary_loss(feats, data_samples)
        if mode == 'predict':
            predictions = self.head.predict(feats, data_samples, prompt)
            return _set_predictions(data_samples, predictions)
        return self.head(feats, self.head.crop_focal(data_samples, feats.device))

    def check_call(
        self,
        inputs: Tensor | None,
        latents: Tensor | None,
        data_samples: Sequence[MeshDataSample] | None,
        mode: str,
    ) -> None:
        """Refuse a call that cannot be served; a backbone that sees no images needs none."""
        check_choice('mode', mode, Mode)
        if getattr(self.backbone, 'sees_images', True):
            _check_inputs(inputs, latents, data_samples)
        elif data_samples is None:
            raise ValueError('expected data samples, which have the keypoint prompts, got None')

    def auxiliary_loss(
        self, feats: Tensor, data_samples: Sequence[MeshDataSample]
    ) -> dict[str, Tensor]:
        """Terms of the auxiliary head, none without one.

        Args:
            feats: (B, C, h, w) fused map.
            data_samples: B samples with ``gt_instances``.
        """
        return {} if self.auxiliary is None else self.auxiliary.loss(feats, data_samples)

    def prompt_of(
        self, data_samples: Sequence[MeshDataSample], field: str = 'prompt'
    ) -> KeypointPrompt:
        """The prompts of some samples on the device of the model.

        Args:
            data_samples: B samples with a prompt.
            field: ``'prompt'`` or ``'clean_prompt'``.
        """
        return KeypointPrompt.from_samples(data_samples, next(self.neck.parameters()), field)

    def perceive(
        self, prompt: KeypointPrompt, inputs: Tensor | None, latents: Tensor | None
    ) -> tuple[BackboneOutput, Tensor]:
        """What the backbone sees under a prompt, and the fused map.

        Args:
            prompt: Keypoints of B crops.
            inputs: (B, 3, H, W) RGB in [0, 1], or None where there are latents.
            latents: (B, C, h, w) encoded crops, or None.
        """
        condition = self.neck.encode(prompt)
        if latents is None:
            features = self.backbone(inputs, condition)
        else:
            features = self.backbone.from_latents(latents, condition)
        return features, self.neck(features, condition)


def _set_predictions(
    data_samples: Sequence[MeshDataSample], predictions: Sequence[InstanceData]
) -> list[MeshDataSample]:
    """The samples with ``pred_instances``."""
    for sample, prediction in zip(data_samples, predictions, strict=True):
        sample.pred_instances = prediction
    return list(data_samples)


def _check_inputs(
    inputs: Tensor | None,
    latents: Tensor | None,
    data_samples: Sequence[MeshDataSample] | None,
) -> None:
    """Refuse anything but either crops or latents, with one sample each."""
    given = [each for each in (inputs, latents) if each is not None]
    if len(given) != 1:
        raise ValueError(f'expected either inputs or latents, got {len(given)} of the two')
    count = None if data_samples is None else len(data_samples)
    if count != len(given[0]):
        raise ValueError(
            f'expected one data sample per input, got {len(given[0])} inputs and {count} samples; '
            'the keypoint prompt of a person travels in its data sample'
        )
