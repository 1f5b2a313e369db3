"""Encode the crops of a data set once, before training."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from dpmesh_plugin.datasets import LatentCacheDataset
from dpmesh_plugin.datasets.nesting import walk


class _Crops(Dataset):
    """All crops of all views, view after view; None for a skipped one.

    Args:
        dataset: The data set to be cached.
    """

    def __init__(self, dataset: LatentCacheDataset) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return self.dataset.views * len(self.dataset)

    def __getitem__(self, row: int) -> Tensor | None:
        return self.dataset.crop(row)


def write_latent_cache(
    model: BaseModel,
    dataset: LatentCacheDataset,
    *,
    batch_size: int = 32,
    num_workers: int = 0,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Write the cache of a data set. It is valid only when it is complete.

    Args:
        model: Estimator with the weights of the encoder, on the device it shall run on.
        dataset: The data set, built with ``lazy_init``.
        batch_size: Crops that are encoded together.
        num_workers: Processes that make crops.
        report: Called with the crops that are done and all crops.

    Returns:
        The folder of the cache.

    Raises:
        ValueError: every image was skipped.
        OSError: the disk is full.
    """
    dataset.dataset.full_init()
    made_of = dataset.describe()
    loader = DataLoader(
        _Crops(dataset), batch_size=batch_size, num_workers=num_workers, collate_fn=list
    )
    file = dataset.file
    file.folder.mkdir(parents=True, exist_ok=True)
    file.info_path.unlink(missing_ok=True)
    unfinished = file.array_path.with_suffix('.part')
    with open(unfinished, 'wb') as stream:
        shape, skipped = _write(stream, loader, model, dataset, report)
    os.replace(unfinished, file.array_path)
    file.finish(made_of, encoder=model.backbone.encoder_fingerprint(), shape=shape, skipped=skipped)
    return file.folder


def _write(
    stream: Any,
    loader: DataLoader,
    model: BaseModel,
    dataset: LatentCacheDataset,
    report: Callable[[int, int], None],
) -> tuple[list[int], list[int]]:
    """Write header and latents; returns the shape and the positions of skipped people."""
    total, people = len(loader.dataset), len(dataset)
    shape, skipped, done = None, set(), 0
    for crops in loader:
        latents, kept = _encode(model, crops)
        skipped |= {(done + i) % people for i in range(len(crops)) if i not in kept}
        if shape is None and latents is not None:
            shape = [dataset.views, people, *latents.shape[1:]]
            header = {'descr': '<f4', 'fortran_order': False, 'shape': tuple(shape)}
            np.lib.format.write_array_header_1_0(stream, header)
            stream.write(bytes(4 * done * latents[0].numel()))
        if shape is not None:
            rows = np.zeros((len(crops), *shape[2:]), '<f4')
            if latents is not None:
                rows[kept] = latents.numpy()
            stream.write(rows.tobytes())
        done += len(crops)
        report(done, total)
    if shape is None:
        raise ValueError('no image of the data set could be read, so there is nothing to encode')
    return shape, sorted(skipped)


@torch.no_grad()
def _encode(model: BaseModel, crops: Sequence[Tensor | None]) -> tuple[Tensor | None, list[int]]:
    """Latents (B, C, h, w) float32 of the crops that are there, and their places."""
    kept = [index for index, crop in enumerate(crops) if crop is not None]
    if not kept:
        return None, kept
    batch = {'inputs': [crops[index] for index in kept], 'data_samples': None}
    images = model.data_preprocessor(batch)['inputs']
    moments = model.backbone.encode_image(images)
    return moments[:, : model.backbone.latent_channels].float().cpu(), kept


def caches_of(dataset: Any) -> Iterator[LatentCacheDataset]:
    """The cached data sets of a data set: itself, or those among its parts.

    Args:
        dataset: Data set of a loader; mixtures and mmengine's wrappers are looked into.
    """
    return (each for each in walk(dataset) if isinstance(each, LatentCacheDataset))
