"""Noisy key-point reasoning: a student with noisy keypoints beside a teacher with clean ones."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from dpmesh_plugin.models.heads.head_output import HeadOutput
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import BackboneOutput, MeshDataSample

from .mesh_estimator import MeshEstimator, Mode
from .teachers import Teacher

Maps = tuple[Tensor, ...]


@MODELS.register_module()
class MeshDistiller(MeshEstimator):
    """An estimator that is trained to perceive what a teacher perceives with clean keypoints.

    It is the student itself: everywhere but in the loss it is a plain estimator, and its checkpoint
    is one, to be tested with the plain config. To the terms of the head's loss it adds terms that
    compare the student under ``prompt`` with the teacher under ``clean_prompt``
    (:class:`CleanPrompt`), for the same picture:

    - ``fused``: the map that the neck makes, (B, C, h, w);
    - ``volume``: the refined volume of the head, (B, C, D, h, w);
    - ``attention``: the cross-attention maps of the keypoints, (B, K, h, w) each, mean over maps.

    Gradients reach the student only. The release does not contain the distillation; terms and
    factors are ours. See DPMesh, arXiv:2404.01424, section on noisy key-point reasoning.

    Args:
        teacher: Config or object: ``dict(type='CheckpointTeacher', checkpoint=...)`` or
            ``dict(type='EMATeacher', momentum=...)``.
        distillation: By what they compare, losses without weights of their own: a config or module
            called with a map of the student and one of the teacher.
        backbone: All others as in :class:`MeshEstimator`.
        neck: See there.
        head: See there.
        auxiliary: See there.
        data_preprocessor: See there.
        trainable: See there.
        init_cfg: See there.

    Raises:
        KeyError: a distillation term that does not exist.
        ValueError: no term, or one of maps that this model does not have.
    """

    def __init__(
        self,
        *,
        teacher: dict | Teacher,
        distillation: Mapping[str, dict | nn.Module],
        backbone: dict | nn.Module,
        neck: dict | nn.Module,
        head: dict | nn.Module,
        auxiliary: dict | nn.Module | None = None,
        data_preprocessor: dict | nn.Module | None = None,
        trainable: Sequence[str] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            backbone=backbone,
            neck=neck,
            head=head,
            auxiliary=auxiliary,
            data_preprocessor=data_preprocessor,
            trainable=trainable,
            init_cfg=init_cfg,
        )
        _check_terms(distillation, self)
        self.teacher = MODELS.build_part(teacher)
        self.distillation = nn.ModuleDict(
            {name: MODELS.build_part(loss) for name, loss in distillation.items()}
        )

    def forward(
        self,
        inputs: Tensor | None = None,
        data_samples: Sequence[MeshDataSample] | None = None,
        mode: Mode = 'tensor',
        *,
        latents: Tensor | None = None,
    ) -> Any:
        """Run the student; see :class:`MeshEstimator` for the arguments.

        With mode ``'loss'`` the terms of distillation are there as ``loss_distill_<term>``.

        Raises:
            RuntimeError: the loss is asked for before the teacher was started.
            ValueError: as in :class:`MeshEstimator`, or a sample has no clean prompt.
        """
        if mode != 'loss':
            return super().forward(inputs, data_samples, mode, latents=latents)
        self.check_call(inputs, latents, data_samples, mode)
        if self.teacher.model is None:
            raise RuntimeError(
                'the teacher has not been started: training a MeshDistiller needs TeacherHook, '
                'which is among the default hooks of configs/_base_/default_runtime.py'
            )
        if latents is None and self.teacher.same_encoder:
            inputs, latents = None, self.backbone.encode_image(inputs)
        prompt = self.prompt_of(data_samples)
        features, fused = self.perceive(prompt, inputs, latents)
        output = self.head.training_output(fused, data_samples, prompt)
        losses = self.head.loss_of(output, data_samples)
        losses |= self.auxiliary_loss(fused, data_samples)
        taught = self._taught(inputs, latents, data_samples)
        for name, loss in self.distillation.items():
            pairs = zip(_MAPS[name](features, fused, output), taught[name], strict=True)
            terms = [loss(own, target) for own, target in pairs]
            losses[f'loss_distill_{name}'] = torch.stack(terms).mean()
        return losses

    @torch.no_grad()
    def _taught(
        self,
        inputs: Tensor | None,
        latents: Tensor | None,
        data_samples: Sequence[MeshDataSample],
    ) -> dict[str, Maps]:
        """What the teacher perceives with the clean prompt, by term."""
        teacher = self.teacher.model
        prompt = self.prompt_of(data_samples, 'clean_prompt')
        features, fused = teacher.perceive(prompt, inputs, latents)
        output = None
        if 'volume' in self.distillation:
            output = teacher.head.training_output(fused, data_samples, prompt)
        return {name: _MAPS[name](features, fused, output) for name in self.distillation}


_MAPS: dict[str, Callable[[BackboneOutput, Tensor, HeadOutput | None], Maps]] = {
    'fused': lambda features, fused, output: (fused,),
    'volume': lambda features, fused, output: (output.volume,),
    'attention': lambda features, fused, output: features.attention,
}


def _check_terms(distillation: Mapping[str, Any], model: MeshEstimator) -> None:
    """Refuse terms that cannot be computed."""
    unknown = sorted(set(distillation) - set(_MAPS))
    if unknown:
        raise KeyError(f'unknown distillation terms {unknown}; there are: {", ".join(_MAPS)}')
    if not distillation:
        raise ValueError(f'distillation names no term; there are: {", ".join(_MAPS)}')
    if 'volume' in distillation and not hasattr(model.head, 'volume'):
        raise ValueError(f'{type(model.head).__name__} has no volume to distil')
    if 'attention' in distillation and not getattr(model.backbone, 'attention_strides', ()):
        raise ValueError(f'{type(model.backbone).__name__} gives no attention maps to distil')
