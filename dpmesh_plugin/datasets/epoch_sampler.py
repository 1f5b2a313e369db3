"""A sampler that tells the data set which epoch it is."""

from collections.abc import Iterator

from mmengine.dataset import DefaultSampler

from dpmesh_plugin.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """mmengine's ``DefaultSampler`` with the epoch in the index.

    Yields ``epoch * len(dataset) + i`` for :class:`MixedMeshDataset`, which draws a part of its
    samples anew every epoch, also in workers that were started before. The order is a pure function
    of seed and epoch, so a resumed run continues as it would have.
    """

    def __iter__(self) -> Iterator[int]:
        offset = self.epoch * len(self.dataset)
        return (offset + index for index in super().__iter__())
