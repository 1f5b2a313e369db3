"""Means over samples, joints, causes of invisibility and degrees of occlusion.

A mean over nothing is None and its count 0; so is, with its true count, a mean over something that
is not finite.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dpmesh_plugin.structures import Visibility

from .definitions import value_name
from .functional import IMAGE_PCK_THRESHOLDS, auc, masked_mean, pck
from .joint_regression import JointSpec
from .sequences import accelerations

HIDDEN = [v for v in Visibility if v not in (Visibility.VISIBLE, Visibility.UNKNOWN)]
UNKNOWN_BIN = 'unknown'
OCCLUSION_BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 1.0)
# Metrics that are means over samples: the column they are made of, and how.
_OF_JOINTS: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    'MPJPE': ('joints', masked_mean),
    'PA-MPJPE': ('aligned_joints', masked_mean),
    '3DPCK': ('joints', pck),
    'AUC': ('joints', auc),
    **{f'2DPCK@{x:g}': ('image', partial(pck, threshold=x)) for x in IMAGE_PCK_THRESHOLDS},
}
_OF_VERTICES = {'MPVPE': 'vertices', 'PA-MPVPE': 'aligned_vertices'}
# Columns of distances per joint, by metric.
_PER_JOINT = {'MPJPE': 'joints', 'PA-MPJPE': 'aligned_joints'}
Columns = Mapping[str, np.ndarray]


@dataclass
class Summary:
    """A result without its protocol.

    Args:
        metrics: Values by name, NaN where a prediction is not finite.
        counts: Over how many samples (``ACCEL``: frames) each value is a mean.
        empty: Values that are means over nothing, and why.
        per_joint: By joint set, joint and metric.
        by_visibility: By joint set, cause and metric: means over all joints of that cause, which
            ``joints`` counts.
        by_occlusion: By bin and metric: means over the persons in it, which ``samples`` counts.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    empty: dict[str, str] = field(default_factory=dict)
    per_joint: dict[str, dict] = field(default_factory=dict)
    by_visibility: dict[str, dict] = field(default_factory=dict)
    by_occlusion: dict[str, dict] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values, without NaN."""
        metrics = {name: number(value) for name, value in self.metrics.items()}
        return {
            'metrics': metrics | dict.fromkeys(self.empty),
            'counts': self.counts | dict.fromkeys(self.empty, 0),
            'empty': self.empty,
            'per_joint': self.per_joint,
            'by_visibility': self.by_visibility,
            'by_occlusion': self.by_occlusion,
        }


def number(value: float) -> float | None:
    """A number that JSON has."""
    return float(value) if np.isfinite(value) else None


def summarize(
    columns: Columns,
    *,
    specs: Sequence[JointSpec],
    metrics: Sequence[str],
    occlusion_bins: Sequence[float] = OCCLUSION_BINS,
) -> Summary:
    """Average errors.

    Args:
        columns: Of :class:`~.sample_errors.MeshComparison`, with what the metrics need.
        specs: Joint sets; the values of the first bear plain names.
        metrics: Keys of :data:`~.definitions.DEFINITIONS`.
        occlusion_bins: Ascending edges of the bins; the last bin includes its upper edge.
    """
    summary = Summary()
    values = sample_values(columns, specs, metrics)
    for name, value in values.items():
        summary.metrics[name] = float(value.mean())
        summary.counts[name] = len(value)
    for spec in specs:
        _add_split(summary, columns, spec, specs, metrics)
        if 'ACCEL' in metrics:
            _add_acceleration(summary, columns, spec, specs)
        summary.per_joint[spec.joint_set] = _per_joint(columns, spec, metrics)
        summary.by_visibility[spec.joint_set] = _by_visibility(columns, spec, metrics)
    summary.by_occlusion = _by_occlusion(columns['occlusion'], values, occlusion_bins)
    return summary


def sample_values(
    columns: Columns, specs: Sequence[JointSpec], metrics: Sequence[str]
) -> dict[str, np.ndarray]:
    """Values (N,) of every sample by name, of the metrics that are means over samples."""
    sets = [spec.joint_set for spec in specs]
    values = {}
    for name in sets:
        for metric in metrics:
            if metric in _OF_JOINTS:
                column, function = _OF_JOINTS[metric]
                errors = torch.from_numpy(columns[f'{name}/{column}'])
                values[value_name(metric, name, sets)] = function(errors).numpy()
            elif metric in _OF_VERTICES and name == sets[0]:
                values[metric] = columns[_OF_VERTICES[metric]]
    return values


def _add_split(
    summary: Summary,
    columns: Columns,
    spec: JointSpec,
    specs: Sequence[JointSpec],
    metrics: Sequence[str],
) -> None:
    """MPJPE over visible and over hidden joints of every sample that has some, as released."""
    if 'MPJPE' not in metrics:
        return
    errors, codes = (columns[f'{spec.joint_set}/{name}'] for name in ('joints', 'visibility'))
    for name, kinds in (('visible', [Visibility.VISIBLE]), ('hidden', HIDDEN)):
        mask = np.isin(codes, kinds)
        counts = mask.sum(axis=1)
        if counts.any():
            totals = np.where(mask, errors, 0).sum(axis=1)[counts > 0]
            key = value_name(f'MPJPE-{name}', spec.joint_set, [s.joint_set for s in specs])
            summary.metrics[key] = float((totals / counts[counts > 0]).mean())
            summary.counts[key] = int((counts > 0).sum())


def _add_acceleration(
    summary: Summary, columns: Columns, spec: JointSpec, specs: Sequence[JointSpec]
) -> None:
    name = value_name('ACCEL', spec.joint_set, [s.joint_set for s in specs])
    errors, reason = accelerations(columns, spec.joint_set)
    if reason is None:
        summary.metrics[name] = float(errors.mean())
        summary.counts[name] = len(errors)
    else:
        summary.empty[name] = reason


def _per_joint(columns: Columns, spec: JointSpec, metrics: Sequence[str]) -> dict:
    errors = {m: columns[f'{spec.joint_set}/{c}'] for m, c in _PER_JOINT.items() if m in metrics}
    return {
        joint: {metric: number(values[:, index].mean()) for metric, values in errors.items()}
        for index, joint in enumerate(spec.names)
    }


def _by_visibility(columns: Columns, spec: JointSpec, metrics: Sequence[str]) -> dict:
    errors = {m: columns[f'{spec.joint_set}/{c}'] for m, c in _PER_JOINT.items() if m in metrics}
    codes = columns[f'{spec.joint_set}/visibility']
    return {
        kind.name.lower(): {'joints': int((codes == kind).sum())}
        | {metric: _mean(values[codes == kind]) for metric, values in errors.items()}
        for kind in Visibility
    }


def _by_occlusion(
    occlusion: np.ndarray, values: Mapping[str, np.ndarray], edges: Sequence[float]
) -> dict:
    bins = {}
    for low, high in pairwise(edges):
        upper = occlusion <= high if high == edges[-1] else occlusion < high
        bins[f'{low:g}-{high:g}'] = (occlusion >= low) & upper
    bins[UNKNOWN_BIN] = ~np.any([*bins.values()], axis=0)
    return {
        name: {'samples': int(mask.sum())}
        | {metric: _mean(value[mask]) for metric, value in values.items()}
        for name, mask in bins.items()
    }


def _mean(values: np.ndarray) -> float | None:
    return number(values.mean()) if values.size else None
