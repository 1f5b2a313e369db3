"""Gradients of the recorded batch."""

import math
from collections.abc import Mapping
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.converters.official_names import official_name

from .parity_set import ParitySet
from .rows import Report

# Of groups of parameters, and of the median parameter.
GRADIENT_LIMIT = 1e-3
# Rounding flips a few rectifiers, and a gradient behind them jumps: the recorded norms of single
# parameters are up to 4.9e-3 off a float64 run, and up to 5.7e-3 off a float32 one on a CPU without
# AVX-512; single entries up to 1.4e-2.
NORM_LIMIT, ENTRY_LIMIT = 1e-2, 3e-2
# Norms below are compared absolutely, to 1e-5 in the median: biases before a normalisation have no
# gradient, and what is recorded there is rounding.
GRADIENT_FLOOR = 1e-2


def compare_gradients(
    parity: ParitySet, model: nn.Module, record: Mapping[str, np.ndarray], report: Report
) -> None:
    """Compare recorded entries, the norm of every parameter, their median error, and of groups.

    Args:
        parity: The set.
        model: After the backward pass of the recorded batch.
        record: What ``losses.npz`` holds.
        report: Gets the rows.
    """
    gradients = official_gradients(model)
    report.add(
        'gradients/awl.params',
        gradients.pop('awl.params'),
        record['grad.awl.params'],
        GRADIENT_LIMIT,
    )
    for entry in record:
        name = entry.removeprefix('grad.')
        if entry.startswith('grad.') and name in gradients:
            ours = gradients[name].view(record[entry].shape)
            report.add(f'gradients/{name} (entries)', ours, record[entry], ENTRY_LIMIT)
    reference = parity.content('losses_gradients.json')
    if reference is None:
        report.notes.append('gradients: losses_gradients.json is not in the set')
        return
    _compare_parameters(gradients, reference['per_parameter'], report)
    _compare_groups(parity, gradients, reference.get('summary', {}), report)


def _compare_parameters(
    gradients: Mapping[str, Tensor], recorded: Mapping[str, Mapping], report: Report
) -> None:
    norms = {name: value.double().norm().item() for name, value in gradients.items()}
    errors = [
        _add_norm(report, name, norms.pop(name, math.nan), row['norm'], NORM_LIMIT)
        for name, row in recorded.items()
    ]
    report.add('gradients/median norm', median(errors), 0.0, GRADIENT_LIMIT, unit='of norm')
    for name in norms:
        report.notes.append(f'gradients: {name} has a gradient here and no recorded one')
        report.add(f'gradients/{name}', math.nan, 0.0, NORM_LIMIT)


def _compare_groups(
    parity: ParitySet, gradients: Mapping[str, Tensor], summary: Mapping, report: Report
) -> None:
    """Norms over the optimiser's groups."""
    groups = {row['key']: row.get('optimizer_group') for row in parity.manifest['keys']}
    squares: dict[str, float] = {}
    for name, value in gradients.items():
        group = groups[name] or 'controlnet_not_optimised'
        squares[group] = squares.get(group, 0.0) + value.double().square().sum().item()
    squares['total_norm_all_requires_grad'] = sum(squares.values())
    squares['total_norm_optimised'] = sum(squares[g] for g in ('lora', 'neck', 'head'))
    for name, value in squares.items():
        if name in summary:
            _add_norm(report, f'norm of {name}', value**0.5, summary[name], GRADIENT_LIMIT)


def _add_norm(report: Report, name: str, norm: float, recorded: float, limit: float) -> float:
    """Add a row; returns its error."""
    error = abs(norm - recorded) / max(recorded, GRADIENT_FLOOR)
    report.add(f'gradients/{name}', error, 0.0, limit, unit='of norm')
    return error


def official_gradients(model: nn.Module) -> dict[str, Tensor]:
    """Flat gradients by official name; layers that share an official tensor are joined."""
    layers = model_layers(model)
    gradients: dict[str, list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            gradients.setdefault(official_name(name, layers), []).append(parameter.grad.flatten())
    return {name: torch.cat(parts) for name, parts in gradients.items()}


def model_layers(model: nn.Module) -> int:
    """Residual blocks per level of the UNet's encoder."""
    return len(model.backbone.unet.down_blocks[0].resnets)
