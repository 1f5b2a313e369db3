"""The parts of an estimator whose cost is told apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from torch import nn

from dpmesh_plugin.engine.expected_parts import check_estimator

BODY_MODEL = 'body model'
HEAD = 'head'


@dataclass(frozen=True)
class Part:
    """A row of a cost table.

    Args:
        name: Name of the row.
        modules: Dotted names of modules whose parameters belong to it.
        calls: Dotted names of methods whose work belongs to it. What a method calls belongs to it
            too, unless it belongs to a part of its own.
    """

    name: str
    modules: tuple[str, ...]
    calls: tuple[str, ...]


DIFFUSION_PARTS = (
    Part('VAE', ('backbone.vae',), ('backbone.encode_image',)),
    Part('UNet', ('backbone.unet',), ('backbone.forward', 'backbone.unet_features')),
    Part('control branch', ('backbone.controlnet',), ('backbone.control_residuals',)),
)
PLAIN_PARTS = (Part('backbone', ('backbone',), ('backbone.forward',)),)
SHARED_PARTS = (
    Part('neck', ('neck',), ('neck.encode', 'neck.forward')),
    Part(HEAD, (HEAD,), ('head.forward', 'head.loss', 'head.predict')),
    Part('auxiliary head', ('auxiliary',), ('auxiliary.forward', 'auxiliary.loss')),
    Part(
        BODY_MODEL,
        ('head.body_model', 'head.pose_decoder'),
        (
            *('head.body_model.forward', 'head.body_model.regress'),
            *('head.body_model.keypoint_motion', 'head.pose_decoder.forward'),
        ),
    ),
)


def parts_of(model: nn.Module) -> tuple[Part, ...]:
    """The parts of an estimator that it has.

    Args:
        model: An estimator of backbone, neck and head.

    Raises:
        ValueError: the model lacks one of the three.
    """
    check_estimator(model)
    diffusion = hasattr(model.backbone, 'unet')
    parts = (*(DIFFUSION_PARTS if diffusion else PLAIN_PARTS), *SHARED_PARTS)
    return tuple(part for part in parts if any(_find(model, name) for name in part.modules))


def calls_of(model: nn.Module, part: Part) -> Iterator[tuple[Any, str]]:
    """Object and method name of the calls of a part that the model has."""
    for call in part.calls:
        owner_name, method = call.rsplit('.', 1)
        owner = _find(model, owner_name)
        if hasattr(owner, method):
            yield owner, method


@dataclass(frozen=True)
class ParameterCount:
    """Number of parameters.

    Args:
        total: All.
        trainable: Those that get gradients.
    """

    total: int
    trainable: int


def count_parameters(model: nn.Module, parts: tuple[Part, ...]) -> dict[str, ParameterCount]:
    """Parameters of every part; a shared one counts once, where it is first met.

    A parameter belongs to the part with the longest fitting module name. Buffers, such as the data
    of a body model, are no parameters.

    Raises:
        ValueError: a parameter belongs to no part.
    """
    owners = {name: part.name for part in parts for name in part.modules}
    counts = {part.name: [0, 0] for part in parts}
    for name, parameter in model.named_parameters():
        fitting = [owner for owner in owners if name.startswith(f'{owner}.')]
        if not fitting:
            raise ValueError(f'parameter {name} belongs to no part; the parts are {list(counts)}')
        count = counts[owners[max(fitting, key=len)]]
        count[0] += parameter.numel()
        count[1] += parameter.numel() * parameter.requires_grad
    return {name: ParameterCount(*count) for name, count in counts.items()}


def _find(model: nn.Module, name: str) -> Any:
    """The object of a dotted name, or None."""
    try:
        return attrgetter(name)(model)
    except AttributeError:
        return None
