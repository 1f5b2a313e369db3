"""Fields of samples as one array, whether they come in a :class:`MeshBatch` or one by one."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .mesh_batch import MeshBatch
from .mesh_data_sample import MeshDataSample


def stack_field(samples: Sequence[MeshDataSample], part: str, name: str) -> Tensor:
    """A field of some samples (B, ...), see :meth:`MeshBatch.field`.

    Args:
        samples: A batch, or any samples.
        part: ``'prompt'``, ``'clean_prompt'`` or ``'gt_instances'``.
        name: A field of it.

    Raises:
        KeyError: a sample does not have it.
    """
    if isinstance(samples, MeshBatch):
        return samples.field(part, name)
    for index, sample in enumerate(samples):
        if part not in sample or name not in sample.get(part):
            raise KeyError(f'sample {index} of the batch has no {part}.{name}')
    return torch.cat([torch.as_tensor(sample.get(part)[name]) for sample in samples])


def stack_meta(samples: Sequence[MeshDataSample], name: str) -> Tensor:
    """Numbers of the meta information of some samples (B, ...), on the CPU.

    Args:
        samples: A batch, or any samples.
        name: Name of an entry that is an array or a tuple of numbers.

    Raises:
        KeyError: a sample does not have it.
    """
    values = samples.meta(name) if isinstance(samples, MeshBatch) else list_meta(samples, name)
    return torch.from_numpy(np.asarray(values))  # floats of Python stay double


def list_meta(samples: Sequence[MeshDataSample], name: str) -> list:
    """Meta information of some samples, an entry each.

    Args:
        samples: A batch, or any samples.
        name: Name of the entry.

    Raises:
        KeyError: a sample does not have it.
    """
    if isinstance(samples, MeshBatch):
        return list(samples.meta(name))
    for index, sample in enumerate(samples):
        if name not in sample.metainfo_keys():
            raise KeyError(f'sample {index} of the batch has no {name}')
    return [sample.get(name) for sample in samples]
