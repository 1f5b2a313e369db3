"""A data set whose samples are prepared once."""

from collections.abc import Mapping
from typing import Any

from dpmesh_plugin.registry import DATASETS


@DATASETS.register_module()
class PreparedDataset:
    """Keeps what the pipeline of a data set gave, in the memory of the process.

    For models that are trained faster than their samples are prepared. ``views`` fixed draws are
    kept of every person, and training meets them in turn, one an epoch. A sample is some 10 kB
    without its crop. Every worker keeps samples of its own: with this data set ``num_workers=0``.

    Args:
        dataset: Config of the data set.
        views: Fixed draws of every person.
        lazy_init: Do not read the annotations yet.
    """

    def __init__(
        self, *, dataset: Mapping[str, Any], views: int = 1, lazy_init: bool = False
    ) -> None:
        self.dataset = DATASETS.build({**dataset, 'lazy_init': lazy_init})
        self.views = views
        self._kept: dict[int, Any] = {}

    @property
    def metainfo(self) -> dict[str, Any]:
        """That of the data set."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Read the annotations, unless that was done."""
        self.dataset.full_init()

    def __len__(self) -> int:
        """Number of people."""
        return len(self.dataset)

    def get_data_info(self, index: int) -> dict:
        """The annotation at a position."""
        return self.dataset.get_data_info(index)

    def __getitem__(self, index: int) -> Any:
        """A packed sample; the index may carry a draw, as from ``EpochSampler``."""
        draw, position = divmod(index, len(self))
        row = (1 + draw % self.views) * len(self) + position
        if row not in self._kept:
            self._kept[row] = self.dataset[row]
        return self._kept[row]
