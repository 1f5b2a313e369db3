"""Error against conditions that were measured, for predictions that cannot be repeated.

Nothing is changed here: samples are sorted by how hard they happen to be. Unlike a sweep, this
compares different people, so that a slope may have other reasons than the condition.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dpmesh_plugin.datasets import BaseMeshDataset
from dpmesh_plugin.datasets.transforms import BodyModelKeypoints
from dpmesh_plugin.evaluation import MeshMetric
from dpmesh_plugin.geometry.boxes import box_iou
from dpmesh_plugin.structures import SMPL_FIELDS, Visibility

from .curves import DECIMALS, mean_height
from .subject import METRICS, split_pipeline

# Bins start at exactly nothing; the last has no upper end.
SHARES = (0.0, 0.05, 0.15, 0.3, 0.5, np.inf)
OFFSETS = (0.0, 0.01, 0.02, 0.04, 0.08, np.inf)
CONDITIONS = {
    'occlusion': ('annotated share of the person that is hidden', SHARES),
    'hidden_by_object': ('share of the joints hidden by objects', SHARES),
    'hidden_by_person': ('share of the joints hidden by other people', SHARES),
    'self_occluded': ('share of the joints hidden by the own body', SHARES),
    'truncated': ('share of the joints outside the image', SHARES),
    'missed_keypoints': ('share of the known keypoints that were missed', SHARES),
    'keypoint_error': ('median error of the found keypoints, in sizes of the person', OFFSETS),
    'crowding': ('largest overlap of the box with that of another person', SHARES),
}
_CAUSES = {
    'hidden_by_object': Visibility.OCCLUDED_BY_OBJECT,
    'hidden_by_person': Visibility.OCCLUDED_BY_PERSON,
    'self_occluded': Visibility.SELF_OCCLUDED,
    'truncated': Visibility.TRUNCATED,
}
_AT_ONCE = 256
# The joints of the rebuilt bodies must be those in the file, m.
_SAME = 2e-3


def conditions_of(results: Mapping[str, Any]) -> dict[str, float]:
    """The conditions of one sample between the prompt and the crop; NaN for what is not known."""
    found = dict.fromkeys(CONDITIONS, np.nan)
    found['occlusion'] = results.get('occlusion', np.nan)
    if 'visibility' in results:
        codes = results['visibility']
        if (codes != Visibility.UNKNOWN).any():
            found |= {name: float((codes == cause).mean()) for name, cause in _CAUSES.items()}
    known, visible = results['prompt_known'], results['prompt_visible'] > 0
    if known.any():
        found['missed_keypoints'] = float(1 - visible[known].mean())
    compared = visible & (results['keypoints_2d_valid'] > 0)
    if compared.any():
        offsets = results['prompt_keypoints'] - results['keypoints_2d']
        size = np.sqrt(results['bbox_xywh'][2:].prod())
        distance = np.linalg.norm(offsets[compared], axis=1)
        found['keypoint_error'] = float(np.median(distance) / size)
    if 'neighbour_boxes' in results:
        overlaps = box_iou(results['bbox_xywh'], results['neighbour_boxes'])
        found['crowding'] = float(overlaps.max(initial=0))
    return found


def measure_predictions(
    path: str | Path, dataset: BaseMeshDataset, metric: MeshMetric
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Errors (N,) by metric and conditions (N,) by name of the samples of a predictions file.

    Args:
        path: File of ``DumpPredictions``.
        dataset: The data set the predictions are of.
        metric: Metric with the body model of both.

    Raises:
        KeyError: the file lacks an array, or has a sample that the data set has not.
        ValueError: the bodies of the file are not those of the body model.
    """
    path = Path(path)
    predictions = _read(path)
    positions = {dataset.get_data_info(i)['sample_idx']: i for i in range(len(dataset))}
    before, _ = split_pipeline(dataset)
    steps = [step for step in before if type(step).__name__ != 'LoadMeshImage']
    steps.append(BodyModelKeypoints(body_model=metric.body_model))
    conditions, rows = [], predictions['sample_idx'].tolist()
    metric.results.clear()
    for start in range(0, len(rows), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        vertices = _vertices(predictions, part, metric, path)
        samples = []
        for sample_idx, mesh in zip(rows[part], vertices, strict=True):
            if sample_idx not in positions:
                raise KeyError(
                    f'{path.absolute()}: sample {sample_idx} is not in the data set of the config '
                    f'({len(dataset)} people of {dataset.ann_file})'
                )
            info = dataset.get_data_info(positions[sample_idx])
            samples.append(_sample(info, mesh))
            for step in steps:
                info = step(info)
            conditions.append(conditions_of(info))
        metric.process(None, samples)
    values = metric.sample_values()
    metric.results.clear()
    table = {name: np.array([row[name] for row in conditions]) for name in CONDITIONS}
    return {name: values[name] for name in METRICS}, table


def observed_curve(
    name: str, values: Mapping[str, np.ndarray], condition: np.ndarray
) -> dict[str, Any] | None:
    """Means over the samples in every bin of a condition; None where it is nowhere known.

    Args:
        name: Of the condition.
        values: (N,) mm by metric.
        condition: (N,), NaN where it is not known.

    Returns:
        ``bins``: edges; ``severity``: mean of the condition in every bin, None in an empty one;
        ``samples``, ``metrics`` likewise; ``area``: see ``curves.mean_height``.
    """
    meaning, edges = CONDITIONS[name]
    if not np.isfinite(condition).any():
        return None
    masks = _bins(condition, edges)
    severity = [_mean(condition[mask]) for mask in masks]
    metrics = {key: [_mean(value[mask]) for mask in masks] for key, value in values.items()}
    places = [-1.0 if place is None else place for place in severity]
    return {
        'meaning': meaning,
        'bins': [float(edge) if np.isfinite(edge) else None for edge in edges],
        'severity': severity,
        'samples': [int(mask.sum()) for mask in masks],
        'metrics': metrics,
        'area': {key: mean_height(places, means) for key, means in metrics.items()},
    }


def _bins(condition: np.ndarray, edges: Sequence[float]) -> list[np.ndarray]:
    """Who has exactly nothing, and who is between two edges, the upper one included."""
    between = [(condition > low) & (condition <= high) for low, high in pairwise(edges)]
    return [condition == edges[0], *between]


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise FileNotFoundError(f'expected predictions, found none at {path.absolute()}')
    with np.load(path, allow_pickle=False) as file:
        wanted = ('sample_idx', *SMPL_FIELDS, 'joints')
        missing = [name for name in wanted if name not in file.files]
        if missing:
            raise KeyError(
                f'{path.absolute()} has no array {missing[0]!r}; write it with tools/test.py '
                '--dump and a model that predicts meshes'
            )
        return {name: file[name] for name in wanted}


def _vertices(
    predictions: dict[str, np.ndarray], part: slice, metric: MeshMetric, path: Path
) -> torch.Tensor:
    """Meshes (B, V, 3) relative to the pelvis, m."""
    body = metric.body_model
    parameters = {name: torch.from_numpy(predictions[name][part]).float() for name in SMPL_FIELDS}
    with torch.no_grad():
        vertices = body(**parameters).vertices
        joints = body.regress(vertices, 'dpmesh_30')
    relative = joints - joints[:, :1]
    stored = torch.from_numpy(predictions['joints'][part])
    off = (relative - stored).norm(dim=-1).nan_to_num().max().item()
    if stored.shape != relative.shape or off > _SAME:
        raise ValueError(
            f'{path.absolute()}: its joints are up to {1000 * off:.0f} mm away from those of its '
            f'parameters on body model {body.model_id}; it was written with another body model'
        )
    return vertices - joints[:, :1]


def _sample(info: Mapping[str, Any], vertices: torch.Tensor) -> dict[str, Any]:
    """What the metric reads of one sample."""
    return {
        'sample_idx': info['sample_idx'],
        'img_path': info['img_path'],
        'gender': info['gender'],
        'gt_instances': {name: torch.as_tensor(v)[None] for name, v in info['smpl'].items()},
        'pred_instances': {'vertices': vertices[None]},
    }


def _mean(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return round(float(finite.mean()), DECIMALS) if len(finite) else None
