"""Gradients that are collected between two steps of an optimizer."""

from collections.abc import Iterator, Sequence

import torch
from mmengine.dist import all_reduce
from mmengine.optim import BaseOptimWrapper, OptimWrapper
from torch import Tensor
from torch.distributed.tensor import DTensor, distribute_tensor

from dpmesh_plugin.utils.distributed import any_process


def between_steps(wrapper: BaseOptimWrapper) -> bool:
    """Whether batches were trained on since the last step; DeepSpeed keeps that to itself."""
    return isinstance(wrapper, OptimWrapper) and not wrapper.should_update()


def share_gradients(wrapper: OptimWrapper) -> None:
    """Give every process the mean of what all have collected, as the step would.

    A run that goes on then takes the same step, bit for bit, as one that is resumed with this mean.
    All processes must call it.
    """
    for parameter in _parameters(wrapper):
        if isinstance(parameter, DTensor) or not any_process(parameter.grad is not None):
            continue  # shards hold the mean, or there is nothing
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        all_reduce(parameter.grad, op='mean')


def gradients_of(wrapper: OptimWrapper) -> list[Tensor | None]:
    """Gradients in the order of the optimizer, None where a parameter has none."""
    return [
        None if parameter.grad is None else parameter.grad.detach()
        for parameter in _parameters(wrapper)
    ]


def restore_gradients(wrapper: OptimWrapper, gradients: Sequence[Tensor | None]) -> None:
    """Take back what :func:`gradients_of` gave, whole, also where weights lie in shards now."""
    for parameter, gradient in zip(_parameters(wrapper), gradients, strict=True):
        if gradient is None:
            continue
        # In the memory order of the weight, as the backward pass makes it.
        own = torch.empty_like(parameter, requires_grad=False)
        gradient = gradient.to(own.device).reshape(own.shape)
        if isinstance(own, DTensor):
            placement = own.device_mesh, own.placements
            gradient = distribute_tensor(gradient, *placement, src_data_rank=None)
        parameter.grad = own.copy_(gradient)


def _parameters(wrapper: OptimWrapper) -> Iterator[Tensor]:
    return (each for group in wrapper.optimizer.param_groups for each in group['params'])
