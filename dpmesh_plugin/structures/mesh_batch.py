"""The samples of a batch as few large arrays in the place of many small ones."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from mmengine.structures import InstanceData
from torch import Tensor

from .mesh_data_sample import MeshDataSample


@dataclass(frozen=True)
class Column:
    """One property of the samples that have it.

    Args:
        values: A value per row: a tensor, an array, or a list of anything.
        rows: Places in the batch of the samples that have it. None: all.
    """

    values: Tensor | np.ndarray | list
    rows: tuple[int, ...] | None = None

    def place(self, index: int) -> int | None:
        """Where the value of a sample is; None if it has none."""
        if self.rows is None:
            return index
        return self.rows.index(index) if index in self.rows else None

    def changed(self, change: Callable[[Any], Any]) -> 'Column':
        """The column with other values."""
        return Column(change(self.values), self.rows)


class MeshBatch(Sequence[MeshDataSample]):
    """A sequence of samples that is handed on as one array per field.

    A sample has some thirty small arrays, and what a batch costs on its way from a worker to the
    device of the model is their number, not their size. The samples themselves are made when they
    are asked for.

    Args:
        fields: By part (``prompt, clean_prompt, gt_instances``) and name, tensors (B, ...).
        metainfo: By name, meta information.
        length: Number of samples B.
    """

    def __init__(
        self,
        fields: Mapping[str, Mapping[str, Column]],
        metainfo: Mapping[str, Column],
        length: int,
    ) -> None:
        self.fields = fields
        self.metainfo = metainfo
        self.length = length

    @classmethod
    def stack(cls, samples: Sequence[MeshDataSample]) -> 'MeshBatch':
        """The batch of some samples; they may differ in what they have.

        Args:
            samples: Samples whose parts have one row each.

        Raises:
            ValueError: a field has two shapes, or a part not one row.
        """
        parts = dict.fromkeys(part for sample in samples for part in sample.keys())  # noqa: SIM118
        fields = {
            part: _columns(
                [dict(sample.get(part, InstanceData()).items()) for sample in samples], _concatenate
            )
            for part in parts
        }
        metainfo = _columns([dict(sample.metainfo_items()) for sample in samples], _gather)
        return cls(fields, metainfo, len(samples))

    def __len__(self) -> int:
        """Number of samples."""
        return self.length

    def __getitem__(self, index: int) -> MeshDataSample:
        """One sample, or with a slice a list of samples; the same object every time."""
        return self._samples[index]

    def __iter__(self) -> Iterator[MeshDataSample]:
        """The samples in order."""
        return iter(self._samples)

    def __reduce__(self) -> tuple:
        """Pickle arrays: a tensor that leaves a worker costs a file descriptor."""
        fields = {part: _changed(columns, _to_array) for part, columns in self.fields.items()}
        return _restore, (fields, self.metainfo, self.length)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> 'MeshBatch':
        """The batch with its tensors on a device; meta information stays.

        Args:
            device: The device.
            non_blocking: Whether copies from pinned memory may go on in the background.
        """
        return self._with(lambda values: values.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> 'MeshBatch':
        """The batch in pinned memory, for a loader with ``pin_memory``."""
        return self._with(Tensor.pin_memory)

    def field(self, part: str, name: str) -> Tensor:
        """A field of all samples (B, ...).

        Args:
            part: ``'prompt'``, ``'clean_prompt'`` or ``'gt_instances'``.
            name: A field of it.

        Raises:
            KeyError: a sample does not have it; the message says which.
        """
        return self._all(self.fields.get(part, {}).get(name), f'{part}.{name}')

    def meta(self, name: str) -> np.ndarray | list:
        """Meta information of all samples: an array (B, ...), or a list.

        Raises:
            KeyError: a sample does not have it; the message says which.
        """
        return self._all(self.metainfo.get(name), name)

    def _all(self, column: Column | None, what: str) -> Any:
        if column is not None and column.rows is None:
            return column.values
        having = () if column is None else column.rows
        index = next(index for index in range(self.length) if index not in having)
        raise KeyError(f'sample {index} of the batch has no {what}')

    def _with(self, change: Callable[[Tensor], Tensor]) -> 'MeshBatch':
        fields = {part: _changed(columns, change) for part, columns in self.fields.items()}
        return MeshBatch(fields, self.metainfo, self.length)

    @cached_property
    def _samples(self) -> list[MeshDataSample]:
        return [self._sample(index) for index in range(self.length)]

    def _sample(self, index: int) -> MeshDataSample:
        metainfo = {
            name: column.values[place]
            for name, column in self.metainfo.items()
            if (place := column.place(index)) is not None
        }
        sample = MeshDataSample(metainfo=metainfo)
        for part, columns in self.fields.items():
            values = {
                name: column.values[place : place + 1]
                for name, column in columns.items()
                if (place := column.place(index)) is not None
            }
            if values:
                setattr(sample, part, instances(values))
        return sample


def instances(fields: Mapping[str, Tensor]) -> InstanceData:
    """Fields of equal length as one part of a sample.

    Args:
        fields: (N, ...) by name. That the lengths are equal is not checked: ``InstanceData`` does
            that at every field anew, for all fields before it.
    """
    part = InstanceData()
    for name, value in fields.items():
        part.set_field(value, name)
    return part


def _columns(
    items: Sequence[Mapping[str, Any]], join: Callable[[list, str], Any]
) -> dict[str, Column]:
    """Columns of rows."""
    names = dict.fromkeys(name for item in items for name in item)
    columns = {}
    for name in names:
        rows = tuple(index for index, item in enumerate(items) if name in item)
        values = join([items[index][name] for index in rows], name)
        columns[name] = Column(values, None if len(rows) == len(items) else rows)
    return columns


def _concatenate(values: list, name: str) -> Tensor:
    values = [torch.as_tensor(value) for value in values]
    if any(value.shape != (1, *values[0].shape[1:]) for value in values):
        raise ValueError(
            f'expected {name} of one shape with a leading axis of 1 in all samples of a batch, got '
            f'{sorted({tuple(value.shape) for value in values})}'
        )
    return torch.cat(values)


def _gather(values: list, _: str) -> np.ndarray | list:
    first = values[0]
    if isinstance(first, np.ndarray) and all(
        isinstance(value, np.ndarray) and value.shape == first.shape and value.dtype == first.dtype
        for value in values
    ):
        return np.stack(values)
    return values


def _changed(columns: Mapping[str, Column], change: Callable[[Any], Any]) -> dict[str, Column]:
    return {name: column.changed(change) for name, column in columns.items()}


def _to_array(values: Tensor) -> np.ndarray:
    return values.numpy()


def _restore(
    fields: Mapping[str, Mapping[str, Column]], metainfo: Mapping[str, Column], length: int
) -> MeshBatch:
    tensors = {part: _changed(columns, torch.from_numpy) for part, columns in fields.items()}
    return MeshBatch(tensors, metainfo, length)
