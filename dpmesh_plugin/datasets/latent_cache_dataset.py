"""A data set whose crops were encoded before training."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import Compose
from torch import Tensor

from dpmesh_plugin.registry import DATASETS

from .base_mesh_dataset import BaseMeshDataset
from .keypoint_sources import with_source
from .latent_cache_file import LatentCacheFile
from .transforms import LoadMeshImage
from .transforms.randomness import seeded


@DATASETS.register_module()
class LatentCacheDataset:
    """Latents of a frozen image encoder in the place of images.

    An augmented crop is another one every time, so a latent can be kept only for a given draw:
    ``views`` fixed draws are made of every person, and training meets them in turn, one an epoch.
    With a pipeline that draws nothing one view is enough and nothing is lost.

    What is drawn up to the crop is fixed: box, rotation, mirroring, occluders, colours, and the
    targets and keypoints that turn with them. The pipeline of this data set runs on top and draws
    anew every time: errors of keypoints belong there. It sees no picture, and ends with
    ``PackMeshInputs``.

    ``tools/dataset_converters/cache_latents.py`` writes the cache. It is refused if it was made of
    other people, other annotations of them or with another pipeline, and, by ``LatentCacheHook``,
    with another encoder.

    Args:
        dataset: Config of the data set, with a pipeline that ends with the crop.
        cache: Folder of the cache, absolute or relative to ``data_root`` of the data set.
        views: Fixed draws of every person.
        pipeline: Transforms that run on top.
        lazy_init: Do not read annotations and cache yet.

    Raises:
        FileNotFoundError: there is no cache.
        ValueError: the cache is of something else, or the pipeline does not begin with an image.
    """

    def __init__(
        self,
        *,
        dataset: Mapping[str, Any],
        cache: str,
        views: int = 1,
        pipeline: Sequence[dict | Callable] = ({'type': 'PackMeshInputs'},),
        lazy_init: bool = False,
    ) -> None:
        self.config = dataset
        self.views = views
        self.dataset = DATASETS.build({**dataset, 'lazy_init': True})
        self.file = LatentCacheFile(Path(self.dataset.data_root) / cache)
        self.pipeline = Compose(pipeline)
        self._blind_steps = _blind(self.dataset.pipeline.transforms)
        self._initialized = False
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict[str, Any]:
        """That of the data set; ``keypoint_source`` is what both pipelines give to the model."""
        return with_source(self.dataset.metainfo, self.pipeline.transforms)

    def full_init(self) -> None:
        """Read annotations and cache, unless that was done."""
        if not self._initialized:
            self.dataset.full_init()
            self.file.check(self.describe())
            self._without_image = self.dataset.with_pipeline(self._blind_steps)
            self._initialized = True

    def describe(self) -> dict[str, Any]:
        """What the cache depends on, besides the encoder."""
        return self.file.description(self.dataset, self.config, self.views)

    def __len__(self) -> int:
        """Number of people."""
        return len(self.dataset)

    def get_data_info(self, index: int) -> dict:
        """The annotation at a position."""
        return self.dataset.get_data_info(index)

    def __getitem__(self, index: int) -> Any:
        """A packed sample with its latent; the index may carry a draw, as from ``EpochSampler``."""
        draw, position = divmod(index, len(self))
        if draw < 1:
            return self._read(int(torch.randint(self.views, ())), position)
        with seeded(draw, position):
            return self._read(draw % self.views, position)

    def crop(self, row: int) -> Tensor | None:
        """A crop as the encoder is to get it, for writing the cache.

        Args:
            row: ``view * len(self) + position``.

        Returns:
            (3, h, w) RGB of 0..255, or None where the image was skipped.
        """
        results = _fixed(self.dataset, *divmod(row, len(self)))
        if results is None:
            return None
        return torch.from_numpy(np.ascontiguousarray(results['img'].transpose(2, 0, 1)))

    def _read(self, view: int, position: int) -> Any:
        while position in self.file.skipped:
            position = (position + 1) % len(self)
        results = _fixed(self._without_image, view, position)
        results['latent'] = np.array(self.file.latents[view, position])
        return self.pipeline(results)


def _fixed(dataset: BaseMeshDataset, view: int, position: int) -> dict | None:
    """What the data set's own pipeline makes of one view of a person."""
    with seeded(1 + view, position):
        return dataset.prepare_data(position)


def _blind(transforms: Sequence[Callable]) -> list[Callable]:
    """The transforms with a black picture in the place of the file's.

    All others run, so that they draw the same and turn targets and keypoints in the same way.
    """
    if not transforms or not isinstance(transforms[0], LoadMeshImage):
        raise ValueError(
            'the pipeline of the data set below LatentCacheDataset begins with LoadMeshImage, got '
            f'{[type(each).__name__ for each in transforms]}'
        )
    return [_load_black, *transforms[1:]]


def _load_black(results: dict) -> dict:
    results['img'] = _black(tuple(results['ori_shape']))
    return results


@lru_cache(maxsize=8)
def _black(size: tuple[int, int]) -> np.ndarray:
    return np.zeros((size[1], size[0], 3), np.uint8)
