"""One pass of a model, prediction or training, as something to be timed."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from torch import Tensor, nn

from dpmesh_plugin.engine.expected_parts import check_diffusion, check_estimator
from dpmesh_plugin.engine.hooks.training_speed_hook import keep_frozen_in
from dpmesh_plugin.engine.inference import (
    compile_regions,
    optimize_for_inference,
    use_channels_last,
)
from dpmesh_plugin.models import MeshDistiller

from .parts import calls_of, parts_of
from .variant import Variant

Calls = Iterator[tuple[Any, str, str]]


class Workload(Protocol):
    """A model that can be prepared once and then run as often as needed."""

    model: nn.Module

    def prepare(self, variant: Variant) -> None:
        """Bring the plain model into the state of a variant."""

    def run(self, data: Mapping[str, Any]) -> Tensor | None:
        """One pass over a batch of a data loader; vertices (B, V, 3), m, if it predicts."""

    def calls(self) -> Calls:
        """Object, method and name of the parts to be told apart."""


class Prediction:
    """Crops to meshes.

    Args:
        model: Estimator.

    Raises:
        ValueError: the model is not made of backbone, neck and head.
    """

    def __init__(self, model: nn.Module) -> None:
        check_estimator(model)
        self.model = model.eval()

    def prepare(self, variant: Variant) -> None:
        """See :func:`~dpmesh_plugin.engine.inference.optimize_for_inference`.

        Raises:
            ValueError: an option that only training has.
        """
        if variant.half_frozen or variant.checkpointing:
            raise ValueError(
                'half_frozen and checkpointing are about training: leave them out for prediction'
            )
        optimize_for_inference(
            self.model,
            dtype=variant.torch_dtype,
            channels_last=variant.channels_last,
            merge_lora=variant.merge_lora,
            pack_weights=variant.pack_weights,
            compile=variant.compile,
        )

    @torch.no_grad()
    def run(self, data: Mapping[str, Any]) -> Tensor:
        """From crops to predictions, an alignment with keypoints included."""
        samples = self.model.test_step(data)
        return torch.cat([sample.pred_instances.vertices for sample in samples])

    def calls(self) -> Calls:
        """The parts of the model."""
        return _model_calls(self.model)


class Training:
    """Forward, backward and optimiser step.

    Args:
        model: Estimator, or distiller, whose teacher has the weights of the student here.
        optim_wrapper: Config of the optimiser's wrapper, a ``MeshOptimWrapper`` here.

    Raises:
        ValueError: the model is not made of backbone, neck and head.
    """

    def __init__(self, model: nn.Module, optim_wrapper: Mapping[str, Any]) -> None:
        check_estimator(model)
        self.model = model.train()
        if isinstance(model, MeshDistiller):
            model.teacher.start(model)
            model.teacher.settle(model)
        self.config = optim_wrapper
        self.prepare(Variant())

    def prepare(self, variant: Variant) -> None:
        """Set memory order, precision, what is kept of the layers, and compilation.

        Precision and checkpointing are those of the variant, whatever the config says.

        Raises:
            ValueError: adapters would be merged or weights packed, which cannot be trained, or the
                backbone has no UNet to recompute or keep in half precision.
        """
        if variant.merge_lora or variant.pack_weights:
            raise ValueError(
                'merged adapters and packed weights cannot be trained: leave merge_lora and '
                'pack_weights out for training'
            )
        if variant.channels_last:
            use_channels_last(self.model)
        if variant.checkpointing:
            check_diffusion(self.model, 'gradient_checkpointing')
        _set_checkpointing(self.model.backbone, on=variant.checkpointing)
        if variant.half_frozen:
            keep_frozen_in(self.model, variant.torch_dtype)
        if variant.compile:
            compile_regions(self.model)
        self.optim_wrapper: OptimWrapper = build_optim_wrapper(
            self.model, {**self.config, 'type': 'MeshOptimWrapper', 'dtype': variant.dtype}
        )

    def run(self, data: Mapping[str, Any]) -> None:
        """Train on one batch."""
        self.model.train_step(data, self.optim_wrapper)

    def calls(self) -> Calls:
        """The parts of the model in the forward pass, the backward pass, the optimiser."""
        yield from _model_calls(self.model)
        yield self.optim_wrapper, 'backward', 'backward'
        yield self.optim_wrapper, 'step', 'optimiser'


def _set_checkpointing(backbone: nn.Module, *, on: bool) -> None:
    parts = (getattr(backbone, name, None) for name in ('unet', 'controlnet'))
    for part in filter(None, parts):
        part.enable_gradient_checkpointing() if on else part.disable_gradient_checkpointing()


def _model_calls(model: nn.Module) -> Calls:
    for part in parts_of(model):
        yield from ((*call, part.name) for call in calls_of(model, part))
