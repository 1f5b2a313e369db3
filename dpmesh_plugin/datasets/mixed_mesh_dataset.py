"""Several data sets in one epoch, in fixed shares."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from dpmesh_plugin.registry import DATASETS

from .transforms.randomness import seeded

Part = dict | BaseDataset


@DATASETS.register_module()
class MixedMeshDataset:
    """Groups of data sets, mixed in equal or given shares.

    The sets of a group are joined end to end. Without ``ratios`` the groups are balanced as
    published: with M the size of the largest group, an epoch has M samples of each, the first M
    from the first group and so on. Which sample an index means is a pure function of seed, draw
    and index: a group's share consists of whole passes over it, then a random remainder drawn anew
    every epoch (without repetition; the published training draws with repetition).

    The draw travels in the index, so workers that live on and runs that are resumed see the right
    one: index ``draw * len(self) + i``, as :class:`EpochSampler` gives it. It also seeds what the
    pipelines draw, except for plain indices, those below ``len(self)``.

    Args:
        groups: By name, lists of data sets or their configs; each part has its own pipeline.
        ratios: Share of every group, in any unit: ``dict(in_space=3, in_image=1)``.
        length: Samples of an epoch with ``ratios``. None: as many as the parts have together.
        seed: Seed of the drawn rest.
        lazy_init: Do not read the annotations yet.

    Raises:
        ValueError: no groups, an empty group, ratios that are not positive, or a length without
            ratios.
        KeyError: ratios of other groups.
    """

    def __init__(
        self,
        *,
        groups: Mapping[str, Sequence[Part]],
        ratios: Mapping[str, float] | None = None,
        length: int | None = None,
        seed: int = 0,
        lazy_init: bool = False,
    ) -> None:
        self._check(groups, ratios, length)
        self.groups = {
            name: [DATASETS.build_part(part) for part in parts] for name, parts in groups.items()
        }
        self.seed = seed
        self._ratios = ratios
        self._length = length
        self._drawn: dict[int, tuple[int, np.ndarray]] = {}
        self._initialized = False
        if not lazy_init:
            self.full_init()

    @property
    def parts(self) -> list[BaseDataset]:
        """All data sets, group after group."""
        return [part for parts in self.groups.values() for part in parts]

    @property
    def metainfo(self) -> dict[str, Any]:
        """``dataset_name``, and the metainfo of every part."""
        infos = [part.metainfo for part in self.parts]
        names = ' + '.join(info['dataset_name'] for info in infos)
        return {'dataset_name': names, 'parts': infos}

    def full_init(self) -> None:
        """Read the annotations of all parts, unless that was done."""
        if self._initialized:
            return
        for part in self.parts:
            part.full_init()
        self._sizes = [sum(map(len, parts)) for parts in self.groups.values()]
        self._shares = self._share_sizes()
        self._ends = np.cumsum(self._shares)
        self._initialized = True

    def __len__(self) -> int:
        """Number of samples of an epoch, exact."""
        self.full_init()
        return int(self._ends[-1])

    def locate(self, index: int) -> tuple[BaseDataset, int]:
        """The part and the position in it that an index means.

        Args:
            index: ``draw * len(self) + i``.

        Raises:
            IndexError: the index is negative.
        """
        if index < 0:
            raise IndexError(f'expected an index of at least 0, got {index}')
        draw, index = divmod(index, len(self))
        group = int(np.searchsorted(self._ends, index, side='right'))
        position = index - (int(self._ends[group - 1]) if group else 0)
        size, share = self._sizes[group], self._shares[group]
        whole = size * (share // size)
        if position >= whole:
            position = int(self._rest(group, draw)[position - whole])
        position %= size
        for part in list(self.groups.values())[group]:
            if position < len(part):
                break
            position -= len(part)
        return part, position

    def __getitem__(self, index: int) -> Any:
        part, position = self.locate(index)
        if index < len(self):
            return part[position]
        with seeded(index):  # not by the position: an epoch may pass over a part several times
            return part[position]

    def get_data_info(self, index: int) -> dict:
        """The annotation that an index means."""
        part, position = self.locate(index)
        return part.get_data_info(position)

    def _rest(self, group: int, draw: int) -> np.ndarray:
        """Positions in a group, in random order; kept until the next draw."""
        if self._drawn.get(group, (None,))[0] != draw:
            generator = np.random.default_rng((self.seed, draw, group))
            self._drawn[group] = (draw, generator.permutation(self._sizes[group]))
        return self._drawn[group][1]

    def _share_sizes(self) -> list[int]:
        if self._ratios is None:
            return [max(self._sizes)] * len(self._sizes)
        length = sum(self._sizes) if self._length is None else self._length
        ratios = np.array([self._ratios[name] for name in self.groups], np.float64)
        ends = np.rint(np.cumsum(ratios) / ratios.sum() * length).astype(int)
        return np.diff(ends, prepend=0).tolist()

    @staticmethod
    def _check(
        groups: Mapping[str, Sequence[Part]],
        ratios: Mapping[str, float] | None,
        length: int | None,
    ) -> None:
        empty = [name for name, parts in groups.items() if not parts]
        if not groups or empty:
            raise ValueError(
                f'expected groups of data sets, got {"none" if not groups else "empty groups: "}'
                f'{", ".join(empty)}'
            )
        if ratios is None:
            if length is not None:
                raise ValueError(
                    'length needs ratios: balanced groups have the length of the largest each'
                )
            return
        if set(ratios) != set(groups):
            raise KeyError(
                f'ratios are for {", ".join(ratios)}, the groups are {", ".join(groups)}'
            )
        if min(ratios.values()) <= 0 or (length is not None and length < 1):
            raise ValueError(
                f'ratios and length must be above 0, got {dict(ratios)} and {length}; leave a '
                'group out instead of giving it no share'
            )
