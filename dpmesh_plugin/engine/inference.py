"""Make a trained estimator fast, without changing what it computes beyond rounding."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn

from .expected_parts import check_estimator
from .packed_layers import pack_layers


def optimize_for_inference(
    model: nn.Module,
    *,
    dtype: torch.dtype = torch.float32,
    channels_last: bool = False,
    merge_lora: bool = False,
    pack_weights: bool = False,
    compile: bool = False,
) -> nn.Module:
    """Prepare an estimator for prediction, in place. It can be trained or saved no more.

    Backbone and neck work in ``dtype``. The head with its rotations and the body model stay in
    float32: they are a hundredth of the work, and coarse numbers there move the mesh. So do parts
    of the neck that it names in ``float32_parts``.

    Args:
        model: Estimator with trained weights, on the device it will run on.
        dtype: Type of backbone and neck.
        channels_last: Whether convolutions keep the channels of a pixel together in memory.
        merge_lora: Whether adapters are folded into the weights they adapt, before the type is
            changed.
        pack_weights: Whether weights of backbone and neck are reordered for the kernels of a CPU
            once instead of at every call. Packing happens at the first use.
        compile: Whether ``torch.compile`` generates code for the parts on their first use.

    Returns:
        ``model`` in evaluation mode.

    Raises:
        ValueError: packed weights were asked for together with compilation, or not on a CPU; or the
            model is not made of backbone, neck and head.
    """
    if pack_weights and compile:
        raise ValueError('torch.compile cannot see into packed weights: choose one of the two')
    check_estimator(model)
    model.eval().requires_grad_(False)
    if merge_lora and hasattr(model.backbone, 'merge'):
        model.backbone.merge()
    model.backbone.to(dtype)
    model.neck.to(dtype)
    for name in getattr(model.neck, 'float32_parts', ()):
        if getattr(model.neck, name) is not None:
            getattr(model.neck, name).float()
    if channels_last:
        use_channels_last(model)
    if pack_weights:
        pack_layers(model.backbone)
        pack_layers(model.neck)
    if compile:
        compile_regions(model)
    return model


def use_channels_last(model: nn.Module) -> None:
    """Store the weights of all 2D convolutions with channels last; activations follow them."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)


def compile_regions(model: nn.Module, **options: Any) -> list[tuple[nn.Module, str, Callable]]:
    """Exchange the methods that hold the work of an estimator for compiled ones.

    Args:
        model: Estimator; its backbone may name several methods as ``compiled_methods``.
        options: Of ``torch.compile``.

    Returns:
        Owner, name and compiled form of every method, which :func:`set_compiled` takes.

    Raises:
        ValueError: the model is not made of backbone, neck and head.
    """
    check_estimator(model)
    regions = [
        (owner, method, torch.compile(getattr(owner, method), **options))
        for owner, method in _regions(model)
    ]
    set_compiled(regions, on=True)
    return regions


def set_compiled(regions: Iterable[tuple[nn.Module, str, Callable]], *, on: bool) -> None:
    """Call the compiled methods from now on, or the plain ones.

    Args:
        regions: What :func:`compile_regions` gave, in the state that ``on`` changes.
        on: Whether the compiled ones are called.
    """
    for owner, method, compiled in regions:
        if on:
            vars(owner)[method] = compiled
        else:
            del vars(owner)[method]


def _regions(model: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    for name in getattr(model.backbone, 'compiled_methods', ('forward',)):
        yield model.backbone, name
    yield model.neck, 'forward'
    yield model.head, 'forward'
