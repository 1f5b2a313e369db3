"""Parameters, FLOPs and activation memory of a model, without memory for its weights."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd.graph import saved_tensors_hooks

from dpmesh_plugin.registry import MODELS

from .flops import flop_counter
from .parts import calls_of, count_parameters, parts_of
from .samples import random_batch
from .watch import CounterMeter, PartWatch


@dataclass(frozen=True)
class PartCost:
    """Cost of one part.

    Args:
        name: Name of the part.
        parameters: Number of its parameters.
        trainable: Number of those that get gradients.
        flops: Floating-point operations of matrix products, convolutions and attention in one
            forward pass; a multiplication with its addition counts as two.
        activation_bytes: Bytes that the forward pass of a training step keeps for the backward
            pass, parameters and buffers left out; a memory that several operations keep counts
            once, for the first of them. Inference keeps none of it.
    """

    name: str
    parameters: int
    trainable: int
    flops: int
    activation_bytes: int


def model_cost(
    config: Mapping[str, Any], *, batch_size: int = 1, input_size: int = 256
) -> list[PartCost]:
    """Cost of every part of an estimator, for a batch.

    The model is built of tensors that have a shape and a device but no values, so the largest one
    takes seconds and no memory. What is counted is the forward pass in training mode, up to the
    body; the loss is left out.

    Args:
        config: Config of the estimator.
        batch_size: Number of crops.
        input_size: Side of the crops, px.

    Raises:
        ValueError: see :func:`~.parts.parts_of`.
    """
    with torch.device('meta'):
        model = MODELS.build(config)
    with FakeTensorMode(allow_non_fake_inputs=True):
        _without_values(model)
        return built_model_cost(model, batch_size=batch_size, input_size=input_size)


def built_model_cost(
    model: nn.Module, *, batch_size: int = 1, input_size: int = 256
) -> list[PartCost]:
    """Cost of every part of a built estimator; see :func:`model_cost`."""
    parts = parts_of(model)
    parameters = count_parameters(model, parts)
    data = model.data_preprocessor(random_batch(batch_size, input_size=input_size))
    flops, saved = flop_counter(), SavedTensors(_own_tensors(model))
    watches = [
        PartWatch(CounterMeter(flops.get_total_flops)),
        PartWatch(CounterMeter(saved.get_total_bytes)),
    ]
    calls = [(*call, part.name) for part in parts for call in calls_of(model, part)]
    model.train()
    with ExitStack() as stack:
        for context in (flops, saved.hooks(), *(watch.calls(calls) for watch in watches)):
            stack.enter_context(context)
        for watch in watches:
            stack.enter_context(watch.running())
        model(**data, mode='tensor')
    amounts = [watch.amounts() for watch in watches]
    return [
        PartCost(
            name=part.name,
            parameters=parameters[part.name].total,
            trainable=parameters[part.name].trainable,
            flops=int(amounts[0].get(part.name, 0)),
            activation_bytes=int(amounts[1].get(part.name, 0)),
        )
        for part in parts
    ]


def total_cost(costs: Iterable[PartCost], name: str = 'sum') -> PartCost:
    """The sum of some parts."""
    costs = list(costs)
    fields = ('parameters', 'trainable', 'flops', 'activation_bytes')
    return PartCost(name, *(sum(getattr(cost, field) for cost in costs) for field in fields))


class SavedTensors:
    """Adds up the memory that autograd keeps for the backward pass.

    Args:
        exclude: Tensors that are there anyway.
    """

    def __init__(self, exclude: Iterable[Tensor]) -> None:
        # Holding the storages keeps their ids from being given to others.
        self._known = {id(tensor.untyped_storage()): tensor.untyped_storage() for tensor in exclude}
        self._bytes = 0

    def hooks(self) -> AbstractContextManager:
        """While in here, what is saved is counted."""
        return saved_tensors_hooks(self._keep, lambda tensor: tensor)

    def get_total_bytes(self) -> int:
        """Bytes kept so far."""
        return self._bytes

    def _keep(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if id(storage) not in self._known:
            self._known[id(storage)] = storage
            self._bytes += storage.nbytes()
        return tensor


def _own_tensors(model: nn.Module) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]


def _without_values(model: nn.Module) -> None:
    """Exchange all parameters and buffers for tensors on the CPU that the current mode fakes."""
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            fake = torch.empty(parameter.shape, dtype=parameter.dtype, device='cpu')
            setattr(module, name, nn.Parameter(fake, requires_grad=parameter.requires_grad))
        for name, buffer in list(module.named_buffers(recurse=False)):
            setattr(module, name, torch.empty(buffer.shape, dtype=buffer.dtype, device='cpu'))
