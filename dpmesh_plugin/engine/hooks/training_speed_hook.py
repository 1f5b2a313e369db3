"""Ways to run the same training faster or in less memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner
from torch import nn
from torch.distributed.tensor import DTensor

from dpmesh_plugin.engine.expected_parts import check_diffusion
from dpmesh_plugin.engine.inference import compile_regions, set_compiled, use_channels_last
from dpmesh_plugin.registry import HOOKS
from dpmesh_plugin.utils.distributed import unwrapped


@HOOKS.register_module()
class TrainingSpeedHook(Hook):
    """Set memory order, precision of what is frozen, and compilation when training starts.

    mmengine's own ``compile`` entry compiles the whole training step, with its lists of samples and
    the optimiser; this one compiles the parts of the estimator that hold the work.

    Args:
        channels_last: Whether convolutions keep the channels of a pixel together in memory.
        frozen_dtype: Type that the frozen weights of the UNet's layers are kept in, that of
            ``optim_wrapper.dtype``: mixed precision rounds them to it at every step anyway, and
            keeps both. In validation they are float32 again, rounded; checkpoints hold them as
            they are in training. None: they stay in float32.
        compile: Options of ``torch.compile`` for the parts of the estimator, possibly none
            (``dict()``). None: nothing is compiled. Validation runs uncompiled: for its few steps
            in other shapes compiling anew would not pay.

    Raises:
        ValueError: ``frozen_dtype`` is not the type that training runs in, or the backbone has no
            UNet; ``channels_last`` with weights in shards.
    """

    # After the hooks that copy the model.
    priority = 'VERY_LOW'

    def __init__(
        self,
        *,
        channels_last: bool = False,
        frozen_dtype: str | None = None,
        compile: Mapping[str, Any] | None = None,
    ) -> None:
        self.channels_last = channels_last
        self.frozen_dtype = None if frozen_dtype is None else getattr(torch, frozen_dtype)
        self.compile = compile
        self._compiled: list = []

    def before_train(self, runner: Runner) -> None:
        """Prepare the model, whose weights were loaded."""
        model = unwrapped(runner.model)
        if self.channels_last:
            if any(isinstance(each, DTensor) for each in model.parameters()):
                raise ValueError(
                    'channels_last orders whole weights, and these lie in shards: set '
                    'channels_last=False of TrainingSpeedHook, or train without the strategy that '
                    'shards them'
                )
            use_channels_last(model)
        if self.frozen_dtype is not None:
            trained_in = getattr(runner.optim_wrapper, 'cast_dtype', torch.float32)
            if trained_in != self.frozen_dtype:
                raise ValueError(
                    f'frozen_dtype is {self.frozen_dtype}, but training runs in {trained_in}: set '
                    'optim_wrapper.dtype to the same'
                )
            averages = [each.ema_model.module for each in runner.hooks if isinstance(each, EMAHook)]
            keep_frozen_in(model, self.frozen_dtype, copies=averages)
        if self.compile is not None:
            self._compiled = compile_regions(model, **self.compile)

    def before_val_epoch(self, runner: Runner) -> None:
        """Validate uncompiled and in float32."""
        set_compiled(self._compiled, on=False)
        if self.frozen_dtype is not None:
            keep_frozen_in(unwrapped(runner.model), torch.float32)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Go on in the form and type of training."""
        set_compiled(self._compiled, on=True)
        if self.frozen_dtype is not None:
            keep_frozen_in(unwrapped(runner.model), self.frozen_dtype)


def keep_frozen_in(model: nn.Module, dtype: torch.dtype, copies: Sequence[nn.Module] = ()) -> None:
    """Change the type of the frozen weights of the UNet's layers, which autocast would cast.

    Args:
        model: Estimator with a diffusion backbone, changed in place.
        dtype: Type they get; trained weights keep theirs.
        copies: Copies of the model in which the same weights are changed, such as its average.

    Raises:
        ValueError: the backbone is another.
    """
    check_diffusion(model, 'frozen_dtype')
    unets = [each.backbone.unet.modules() for each in (model, *copies)]
    for module, *others in zip(*unets, strict=True):
        if isinstance(module, nn.Linear | nn.Conv2d) and not module.weight.requires_grad:
            for each in (module, *others):
                for parameter in each.parameters(recurse=False):
                    parameter.data = parameter.data.to(dtype)
