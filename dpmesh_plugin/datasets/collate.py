"""Batches that are cheap to hand from a worker to the training process."""

from collections.abc import Sequence

import torch

from dpmesh_plugin.registry import FUNCTIONS
from dpmesh_plugin.structures import MeshBatch


@FUNCTIONS.register_module()
def mesh_collate(batch: Sequence[dict]) -> dict:
    """Stack the crops, and what the samples hold.

    Args:
        batch: B dicts of ``inputs`` (3, h, w) or ``latents`` (C, h, w) or neither, and
            ``data_samples``, from ``PackMeshInputs``.

    Returns:
        ``inputs`` (B, 3, h, w) or ``latents`` (B, C, h, w) or neither, and ``data_samples``, a
        :class:`MeshBatch` of B samples.

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
    return {**stacked, 'data_samples': MeshBatch.stack([item['data_samples'] for item in batch])}
