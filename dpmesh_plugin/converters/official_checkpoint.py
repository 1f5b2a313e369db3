"""State dicts of the official release to ours and back."""

from collections.abc import Mapping

import torch
from torch import Tensor

from .coverage import Coverage, collect
from .official_head_keys import SNAPSHOT_ONLY
from .official_names import (
    CONTROL_HEATMAPS,
    CONTROL_LATENT,
    DDP_PREFIX,
    canonical_name,
    count_layers_per_block,
    official_name,
    second_names,
    unused_reason,
)

# Ours alone: what a module says about itself beside its parameters.
OWN_SUFFIX = '_extra_state'


def read_release(content: Mapping) -> dict[str, Tensor]:
    """Tensors of a release or training snapshot by their canonical names.

    Args:
        content: The file's content: a state dict with or without the prefix ``module.``, or a
            snapshot ``{'network': state dict, 'awl': loss weights, ...}``.

    Raises:
        ValueError: two names of one tensor hold different values, or an entry is no tensor.
    """
    network = content.get('network', content)
    tensors: dict[str, Tensor] = {}
    for name, value in network.items():
        if not isinstance(value, Tensor):
            raise ValueError(
                f'expected tensors, but entry {name!r} is a {type(value).__name__}: this is no '
                'state dict of the official release'
            )
        known = tensors.setdefault(canonical_name(name), value)
        if known.data_ptr() != value.data_ptr() and not torch.equal(known, value):
            raise ValueError(
                f'{name!r} and {canonical_name(name)!r} name one tensor of the release, but '
                'hold different values'
            )
    weights = content.get('awl', {})
    return {**tensors, **{f'awl.{name}': value for name, value in weights.items()}}


def official_to_dpmesh(
    official: Mapping[str, Tensor], expected: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], Coverage]:
    """Convert tensors of the release.

    No value is copied except those of the control branch's first convolution.

    Args:
        official: By canonical official names, see :func:`read_release`.
        expected: State dict of the model to be loaded; only names and shapes are read, besides the
            values that the release never holds.

    Returns:
        The state dict, complete if the account's ``check`` passes, and the account.
    """
    layers_per_block = count_layers_per_block(expected)

    def name_of(name: str) -> str | None:
        if name.endswith(OWN_SUFFIX):
            return None
        source = official_name(name, layers_per_block)
        return None if source in SNAPSHOT_ONLY and source not in official else source

    return collect(
        expected,
        official,
        name_of=name_of,
        reason_of=unused_reason,
        take=lambda name, tensor: _taken(name, tensor, expected),
    )


def dpmesh_to_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The way back, for all tensors the release has.

    Args:
        state: State dict of a ``MeshEstimator`` of the published design.

    Returns:
        By canonical official names; the release's unused tensors are not made up.
    """
    layers_per_block = count_layers_per_block(state)
    official = {}
    for name, tensor in state.items():
        if name.endswith(OWN_SUFFIX) or name == CONTROL_HEATMAPS:
            continue
        if name == CONTROL_LATENT and CONTROL_HEATMAPS in state:
            tensor = torch.cat([tensor, state[CONTROL_HEATMAPS]], dim=1)
        if _is_image_attention(name) and tensor.ndim == 2:
            tensor = tensor[:, :, None, None]
        official[official_name(name, layers_per_block)] = tensor
    return official


def release_layout(official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict as the release stores it: with its prefix and its second names.

    Args:
        official: By canonical official names.
    """
    names = {name: [name, *second_names(name)] for name in official}
    return {DDP_PREFIX + each: official[name] for name in names for each in names[name]}


def _taken(name: str, tensor: Tensor, expected: Mapping[str, Tensor]) -> Tensor:
    """What a parameter of ours takes from an official tensor."""
    if name in (CONTROL_LATENT, CONTROL_HEATMAPS) and tensor.ndim == 4:
        latent = expected[CONTROL_LATENT].shape[1]
        part = tensor[:, :latent] if name == CONTROL_LATENT else tensor[:, latent:]
        return part.contiguous()
    if _is_image_attention(name) and tensor.ndim == 4:
        return tensor.flatten(1)
    return tensor


def _is_image_attention(name: str) -> bool:
    """Whether a weight is a 1x1 convolution in the release and a linear layer here."""
    return name.startswith('backbone.vae.encoder.mid_block.attentions.')
