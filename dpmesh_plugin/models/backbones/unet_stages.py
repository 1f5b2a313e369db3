"""One pass through the blocks of a diffusers UNet or ControlNet, with every layer call in sight.

The modules and their parameters are those of diffusers; only the order of calls is written out
here, so that block outputs can be tapped and the cross-attention maps of chosen levels returned.
Levels are counted from the finest: level ``i`` works at ``1 / 2**i`` of the latent's resolution.

Where diffusers' ``enable_gradient_checkpointing`` was called on a model, its layers keep only their
inputs for the backward pass and are run again there.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def time_embedding(model: nn.Module, timestep: int, like: Tensor) -> Tensor:
    """Embedding (1, C) of an integer time step, on the device and in the type of ``like``."""
    steps = torch.full((1,), timestep, device=like.device)
    return model.time_embedding(model.time_proj(steps).to(like.dtype))


def encoder_stage(
    model: nn.Module,
    states: Tensor,
    time: Tensor,
    tokens: Tensor,
    map_levels: Collection[int] = (),
) -> tuple[tuple[Tensor, ...], dict[int, list[Tensor]]]:
    """Run the encoder half.

    Args:
        model: A ``UNet2DConditionModel`` or ``ControlNetModel``.
        states: (B, C, H, W) output of the first convolution.
        time: (1, T) time embedding.
        tokens: (B, K, D) cross-attention context.
        map_levels: Levels whose cross-attention maps are returned.

    Returns:
        ``states`` and the output of every layer after it, and per level the maps (B, K, h, w).
    """
    outputs, maps = [states], {level: [] for level in map_levels}
    for level, block in enumerate(model.down_blocks):
        transformers = getattr(block, 'attentions', [None] * len(block.resnets))
        for resnet, transformer in zip(block.resnets, transformers, strict=True):
            states, attention = _run(
                block, _layer, resnet, transformer, states, None, time, tokens, level in map_levels
            )
            if attention is not None:
                maps[level].append(attention)
            outputs.append(states)
        if block.downsamplers is not None:
            states = block.downsamplers[0](states)
            outputs.append(states)
    return tuple(outputs), maps


def middle_stage(model: nn.Module, states: Tensor, time: Tensor, tokens: Tensor) -> Tensor:
    """Run the middle block on (B, C, h, w)."""
    block = model.mid_block
    first, second = block.resnets
    states, _ = _run(block, _layer, first, block.attentions[0], states, None, time, tokens, False)
    return _run(block, second, states, time)


def decoder_stage(
    model: nn.Module,
    states: Tensor,
    skips: Sequence[Tensor],
    time: Tensor,
    tokens: Tensor,
    map_levels: Collection[int] = (),
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...], dict[int, list[Tensor]]]:
    """Run the decoder half.

    Args:
        model: A ``UNet2DConditionModel``.
        states: (B, C, h, w) output of the middle block.
        skips: Encoder outputs in the order of :func:`encoder_stage`; the last is used first.
        time: (1, T) time embedding.
        tokens: (B, K, D) cross-attention context.
        map_levels: Levels whose cross-attention maps are returned.

    Returns:
        The tapped map of every level, finest first; the output of every layer in order; and per
        level the maps (B, K, h, w). A level is tapped at its last layer but one, the finest at its
        last: these are the layers that do not only prepare the next level.
    """
    taps, outputs, maps = [], [], {level: [] for level in map_levels}
    skips = list(skips)
    for step, block in enumerate(model.up_blocks):
        level = len(model.up_blocks) - 1 - step
        transformers = getattr(block, 'attentions', [None] * len(block.resnets))
        layers = []
        for resnet, transformer in zip(block.resnets, transformers, strict=True):
            states, attention = _run(
                block,
                _layer,
                resnet,
                transformer,
                states,
                skips.pop(),
                time,
                tokens,
                level in map_levels,
            )
            if attention is not None:
                maps[level].append(attention)
            layers.append(states)
        taps.append(layers[-1] if level == 0 else layers[-2])
        if block.upsamplers is not None:
            states = block.upsamplers[0](states)
            layers[-1] = states
        outputs += layers
    return tuple(reversed(taps)), tuple(outputs), maps


def _layer(
    resnet: nn.Module,
    transformer: nn.Module | None,
    states: Tensor,
    skip: Tensor | None,
    time: Tensor,
    tokens: Tensor,
    return_map: bool,
) -> tuple[Tensor, Tensor | None]:
    """A residual block, fed with a skip connection in the decoder, and its transformer if any."""
    if skip is not None:
        states = torch.cat([states, skip], dim=1)
    states = resnet(states, time)
    if transformer is None:
        return states, None
    return transform(transformer, states, tokens, return_map)


def _run(block: nn.Module, function: Callable, *inputs: Any) -> Any:
    """Call a function of a block, forgetting its inner activations where the block asks for it."""
    if block.gradient_checkpointing and torch.is_grad_enabled():
        return checkpoint(function, *inputs, use_reentrant=False)
    return function(*inputs)


def transform(
    transformer: nn.Module, states: Tensor, tokens: Tensor, return_map: bool = False
) -> tuple[Tensor, Tensor | None]:
    """Run a diffusers ``Transformer2DModel`` of one block.

    Args:
        transformer: The module.
        states: (B, C, H, W).
        tokens: (B, K, D) cross-attention context.
        return_map: Whether to return the cross-attention map.

    Returns:
        New states (B, C, H, W), and the map (B, K, H, W) averaged over the heads or None.
    """
    size = states.shape[-2:]
    (block,) = transformer.transformer_blocks
    hidden = transformer.proj_in(transformer.norm(states)).flatten(2).transpose(1, 2)
    normed = block.norm1(hidden)
    hidden = hidden + attend(block.attn1, normed, normed)[0]
    crossed, weights = attend(block.attn2, block.norm2(hidden), tokens, return_map)
    hidden = hidden + crossed
    hidden = hidden + block.ff(block.norm3(hidden))
    hidden = hidden.transpose(1, 2).unflatten(2, size)
    if weights is not None:
        weights = weights.transpose(1, 2).unflatten(2, size)
    return states + transformer.proj_out(hidden), weights


def attend(
    attention: nn.Module, queries: Tensor, context: Tensor, return_weights: bool = False
) -> tuple[Tensor, Tensor | None]:
    """Multi-head attention of a diffusers ``Attention`` module.

    Args:
        attention: The module; its projections are used, not its processor.
        queries: (B, N, C).
        context: (B, K, D) that keys and values come from.
        return_weights: Whether to compute the probabilities explicitly and return them; otherwise
            the fused kernel does the work.

    Returns:
        (B, N, C), and the probabilities (B, N, K) averaged over the heads or None.
    """
    query, key, value = (
        layer(inputs).unflatten(-1, (attention.heads, -1)).transpose(1, 2)
        for layer, inputs in (
            (attention.to_q, queries),
            (attention.to_k, context),
            (attention.to_v, context),
        )
    )
    weights = None
    if return_weights:
        weights = (query @ key.transpose(-1, -2) * attention.scale).softmax(dim=-1)
        mixed = weights @ value
        weights = weights.mean(dim=1)
    else:
        mixed = F.scaled_dot_product_attention(query, key, value)
    return attention.to_out[0](mixed.transpose(1, 2).flatten(2)), weights
