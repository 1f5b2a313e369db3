"""Counting floating-point operations."""

from typing import Any

import torch
from torch.utils.flop_counter import (
    FlopCounterMode,
    sdpa_backward_flop_count,
    sdpa_flop_count,
)


def flop_counter() -> FlopCounterMode:
    """A counter that knows the attention of CPUs, which some versions of torch leave out."""
    aten = torch.ops.aten
    attention = {
        aten._scaled_dot_product_flash_attention_for_cpu: _forward,
        aten._scaled_dot_product_flash_attention_for_cpu_backward: _backward,
    }
    return FlopCounterMode(display=False, custom_mapping=attention)


def _forward(*shapes: Any, **_: Any) -> int:
    """Of query, key and value."""
    return sdpa_flop_count(*shapes[:3])


def _backward(*shapes: Any, **_: Any) -> int:
    """Of the gradient of the output, query, key and value."""
    return sdpa_backward_flop_count(*shapes[:4])
