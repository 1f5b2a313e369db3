"""Batches that are cheap to hand from a worker to the training process."""

from collections.abc import Sequence

import torch

from dpmesh_plugin.registry import FUNCTIONS
from dpmesh_plugin.structures import MeshDataSample


@FUNCTIONS.register_module()
def mesh_collate(batch: Sequence[dict]) -> dict:
    """Stack the crops and keep the samples as a list.

    A tensor that leaves a worker costs a file descriptor and a system call or two, and a sample has
    some twenty of them. These samples travel as arrays and arrive as tensors.

    Args:
        batch: B dicts of ``inputs`` (3, h, w) or ``latents`` (C, h, w) or neither, and
            ``data_samples``, from ``PackMeshInputs``.

    Returns:
        ``inputs`` (B, 3, h, w) or ``latents`` (B, C, h, w) or neither, and ``data_samples``, a list
        of B samples.

    Raises:
        ValueError: crops, latents and samples without either are mixed.
    """
    kinds = {tuple(item) for item in batch}
    if len(kinds) != 1:
        found = ' and '.join(sorted(', '.join(names) for names in kinds))
        raise ValueError(
            f'expected samples of one kind in a batch, got {found}: all or none of the data sets '
            'of a mixture are below LatentCacheDataset or packed without their crop'
        )
    stacked = {
        name: torch.stack([item[name] for item in batch])
        for name in batch[0]
        if name != 'data_samples'
    }
    return {**stacked, 'data_samples': _Samples(item['data_samples'] for item in batch)}


class _Samples(list):
    """A list of samples that is pickled with arrays in the place of tensors."""

    def __reduce__(self) -> tuple:
        return _as_tensors, ([sample.numpy() for sample in self],)


def _as_tensors(samples: Sequence[MeshDataSample]) -> list[MeshDataSample]:
    return [sample.to_tensor() for sample in samples]
