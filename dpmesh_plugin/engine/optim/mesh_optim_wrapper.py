"""One optimiser step in full or mixed precision, on any device."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from torch import nn
from torch.optim import Optimizer

from dpmesh_plugin.engine.precision import has_kernels, lean_dtype
from dpmesh_plugin.registry import OPTIM_WRAPPERS

DTYPES = ('auto', 'float32', 'bfloat16', 'float16')
# Entry of a parameter group: whether its gradients count and are scaled in clipping.
CLIP = 'clip'


@OPTIM_WRAPPERS.register_module()
class MeshOptimWrapper(AmpOptimWrapper):
    """mmengine's wrapper for mixed precision, with the precision as an entry, also without CUDA.

    Gradients of float16 are scaled against underflow; they are scaled back before they are
    clipped, and a step with an infinite gradient is left out. (The release clips the scaled ones.)
    bfloat16 has the range of float32 and needs no scale.

    A parameter group with ``clip=False`` takes no part in clipping, as the loss weights of the
    published training.

    Args:
        optimizer: The optimiser.
        dtype: Type of the forward pass: ``'float32'``, ``'bfloat16'`` or ``'float16'``, or
            ``'auto'``: bfloat16 where the device has kernels for it, else float32.
        loss_scale: Options of ``torch.amp.GradScaler``, for float16.
        accumulative_counts: Batches whose gradients are averaged for one step.
        clip_grad: Options of clipping as in mmengine, for example ``dict(max_norm=10.0)``.

    Raises:
        ValueError: unknown type.
    """

    def __init__(
        self,
        *,
        optimizer: Optimizer,
        dtype: str = 'float32',
        loss_scale: Mapping[str, Any] | None = None,
        accumulative_counts: int = 1,
        clip_grad: dict | None = None,
    ) -> None:
        if dtype not in DTYPES:
            raise ValueError(f'expected dtype out of {", ".join(DTYPES)}, got {dtype!r}')
        # The constructor in between refuses to start where there is no CUDA.
        OptimWrapper.__init__(self, optimizer, accumulative_counts, clip_grad)
        device = optimizer.param_groups[0]['params'][0].device
        self.cast_dtype = lean_dtype(device) if dtype == 'auto' else getattr(torch, dtype)
        if not has_kernels(self.cast_dtype, device):
            print_log(
                f'this {device.type} has no kernels for {dtype}: a step takes several times as '
                "long as in float32; optim_wrapper.dtype='auto' takes bfloat16 only where it pays",
                logger='current',
                level=logging.WARNING,
            )
        self._scale_update_param = None  # the scale follows the scaler's own rule
        self.loss_scaler = torch.amp.GradScaler(
            device.type, enabled=dtype == 'float16', **(loss_scale or {})
        )

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast the forward pass, and synchronise gradients only where a step follows."""
        with OptimWrapper.optim_context(self, model):
            if self.cast_dtype == torch.float32:
                yield
            else:
                device = next(model.parameters()).device.type
                # A pass uses a weight once, so a cache would only keep rounded copies of all.
                with torch.autocast(device, dtype=self.cast_dtype, cache_enabled=False):
                    yield

    def _clip_grad(self) -> None:
        """Clip the gradients of all groups but those with ``clip=False``; log their norm."""
        parameters = [
            parameter
            for group in self.optimizer.param_groups
            if group.get(CLIP, True)
            for parameter in group['params']
            if parameter.grad is not None
        ]
        norm = self.clip_func(parameters, **self.clip_grad_kwargs) if parameters else None
        if norm is not None:
            self.message_hub.update_scalar(f'train/{self.grad_name}', float(norm))
