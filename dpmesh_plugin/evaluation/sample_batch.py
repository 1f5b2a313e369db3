"""What a metric takes from data samples, checked and stacked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.body_models import check_annotated_body
from dpmesh_plugin.structures import SMPL_FIELDS, Visibility, get_keypoint_set

Sample = Mapping[str, Any]


@dataclass(frozen=True)
class Needs:
    """What the chosen metrics need beyond the predicted points and body parameters.

    Args:
        visibility_set: Keypoint set of ``gt_instances.visibility``.
        joints: How many joints are predicted, where it is joints and not the vertices of a mesh.
        translation: Where bodies are in camera axes.
        camera: The camera of the image; implies ``translation``.
        order: Place of the sample in a sequence.
    """

    visibility_set: str
    joints: int | None = None
    translation: bool = False
    camera: bool = False
    order: bool = False

    @property
    def predicted(self) -> str:
        """The predicted field."""
        return 'vertices' if self.joints is None else 'joints'

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """Obligatory fields of each part of a sample, ``''`` being the meta information."""
        placed = self.translation or self.camera
        return {
            'pred_instances': (self.predicted, *(('pelvis', 'transl_full') if placed else ())),
            'gt_instances': (*SMPL_FIELDS, *(('transl',) if placed else ())),
            '': ('gender', *(('focal_length', 'principal_point') if self.camera else ())),
        }


@dataclass(frozen=True)
class SampleBatch:
    """Samples of one gender side by side.

    Args:
        points: Predicted vertices (B, V, 3), or joints (B, K, 3), m, camera axes, relative to the
            pelvis.
        parameters: Of the annotated bodies: ``global_orient`` (B, 3), ``body_pose`` (B, 23, 3),
            ``betas`` (B, 10); and where needed ``true_shift`` and ``predicted_shift`` (B, 3), m,
            from the points to camera axes, ``focal_length`` and ``principal_point`` (B, 2), px.
        gender: Of all annotated bodies.
        columns: ``sample_idx`` (B,), ``visibility`` (B, J) codes, ``occlusion`` (B,) in [0, 1] or
            NaN; and where needed ``sequence`` and ``track_id`` (B,) texts, ``frame_idx`` (B,), NaN
            where it is not known.
    """

    points: Tensor
    parameters: dict[str, Tensor]
    gender: str
    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.points)


class SampleBuffer:
    """Collects batches of one gender until there are enough to be measured together.

    Points are copied into planes of memory that is used again and again.

    Args:
        capacity: Samples it holds.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._count = 0
        self._planes: Tensor | None = None
        self._batches: list[SampleBatch] = []

    def __len__(self) -> int:
        return self._count

    def add(self, batch: SampleBatch) -> None:
        """Add a batch that fits in."""
        planes = batch.points.mT
        if self._planes is None or self._planes.device != planes.device:
            self._planes = planes.new_empty((self.capacity, *planes.shape[1:]))
        self._planes[self._count : self._count + len(batch)] = planes
        self._count += len(batch)
        self._batches.append(replace(batch, points=planes[:0]))

    def pop(self) -> SampleBatch:
        """Everything collected, as views of the buffer that hold until the next :meth:`add`."""
        batches, first, count = self._batches, self._batches[0], self._count
        self._batches, self._count = [], 0
        return SampleBatch(
            points=self._planes[:count].mT,
            parameters={
                name: torch.cat([batch.parameters[name] for batch in batches])
                for name in first.parameters
            },
            gender=first.gender,
            columns={
                name: np.concatenate([batch.columns[name] for batch in batches])
                for name in first.columns
            },
        )


def read_batch(samples: Sequence[Sample], *, body_model: nn.Module, needs: Needs) -> SampleBatch:
    """Read and check samples; the result shares no memory with them.

    Args:
        samples: Samples as :meth:`MeshMetric.process` gets them, none of them skipped, all of one
            gender.
        body_model: Body model of annotations and predictions.
        needs: What is read beyond the obligatory.

    Raises:
        KeyError: a sample lacks something.
        ValueError: another number of vertices than that of the body model or of joints than that of
            the joint set, an annotation that is not finite, or one of another body model.
    """
    fields = needs.fields
    for sample in samples:
        _check_fields(sample, fields)
        _check_points(sample, needs, body_model)
        if 'body_model_id' in sample:
            check_annotated_body(sample['body_model_id'], body_model.model_id, describe(sample))
    # In planes, where the work is fastest.
    planes = [sample['pred_instances'][needs.predicted].mT for sample in samples]
    points = torch.cat(planes).float().mT

    def stack(part: str, name: str) -> Tensor:
        rows = [torch.as_tensor(sample[part][name]) for sample in samples]
        return torch.cat(rows).to(points.device, torch.float32)

    parameters = {field: stack('gt_instances', field) for field in SMPL_FIELDS}
    if needs.translation or needs.camera:
        parameters['true_shift'] = stack('gt_instances', 'transl')
        pelvis, transl = (stack('pred_instances', name) for name in ('pelvis', 'transl_full'))
        parameters['predicted_shift'] = pelvis + transl
    if needs.camera:
        for name in ('focal_length', 'principal_point'):
            values = np.array([np.asarray(sample[name]) for sample in samples])
            parameters[name] = torch.from_numpy(values).to(points)
    _check_finite(parameters, samples)
    return SampleBatch(points, parameters, samples[0]['gender'], _columns(samples, needs))


def describe(sample: Sample) -> str:
    """Which sample it is, for messages."""
    return f'sample {sample["sample_idx"]} ({sample.get("img_path")})'


def _check_fields(sample: Sample, fields: Mapping[str, Sequence[str]]) -> None:
    """Refuse a sample that lacks something."""
    for part, names in fields.items():
        holder = sample.get(part, {}) if part else sample
        missing = [name for name in names if name not in holder]
        if missing:
            raise KeyError(
                f'{describe(sample)} has no {part}{"." * bool(part)}{missing[0]}; the metrics '
                f'chosen need {", ".join(names)} in {part or "the meta information"} of every '
                'sample (see docs/metrics.md)'
            )


def _check_points(sample: Sample, needs: Needs, body_model: nn.Module) -> None:
    """Refuse another number of predicted points."""
    found = tuple(sample['pred_instances'][needs.predicted].shape)
    if needs.joints is None and found != (1, body_model.num_vertices, 3):
        raise ValueError(
            f'{describe(sample)}: pred_instances.vertices must be '
            f'{(1, body_model.num_vertices, 3)} for body model {body_model.model_id}, got {found}. '
            'Give model and metric the same body_model in the config'
        )
    if needs.joints is not None and found != (1, needs.joints, 3):
        raise ValueError(
            f'{describe(sample)}: pred_instances.joints must be {(1, needs.joints, 3)}, got '
            f'{found}. Give model and metric the same joint_set in the config'
        )


def _check_finite(parameters: Mapping[str, Tensor], samples: Sequence[Sample]) -> None:
    """Refuse annotations that are not finite; predictions may diverge."""
    annotated = {name: x for name, x in parameters.items() if name != 'predicted_shift'}
    if torch.cat([values.flatten() for values in annotated.values()]).sum().isfinite():
        return
    for field, values in annotated.items():
        good = values.isfinite().flatten(1).all(dim=1)
        if good.all():
            continue
        broken = good.int().argmin()
        raise ValueError(
            f'{describe(samples[broken])}: the annotated {field} is not finite. Check the '
            'annotation file with tools/dataset_converters/check_data.py'
        )


def _columns(samples: Sequence[Sample], needs: Needs) -> dict[str, np.ndarray]:
    unknown = torch.full((1, get_keypoint_set(needs.visibility_set).num), Visibility.UNKNOWN)
    codes = [torch.as_tensor(s['gt_instances'].get('visibility', unknown)) for s in samples]
    columns = {
        'sample_idx': np.array([s['sample_idx'] for s in samples]),
        'visibility': torch.cat(codes).cpu().numpy().astype(np.int8),
        'occlusion': _numbers(samples, 'occlusion'),
    }
    if needs.order:
        columns['frame_idx'] = _numbers(samples, 'frame_idx')
        for name in ('sequence', 'track_id'):
            columns[name] = np.array([str(s.get(name, '')) for s in samples])
    return columns


def _numbers(samples: Sequence[Sample], name: str) -> np.ndarray:
    return np.array([s.get(name, np.nan) for s in samples], dtype=np.float64)
