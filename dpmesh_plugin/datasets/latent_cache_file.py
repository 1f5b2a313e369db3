"""The files of a latent cache: one memory-mapped array, and what it was made of."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from dpmesh_plugin.utils.io import dump_json, load_json

VERSION = 2
# People whose annotations are compared, evenly spread over the data set.
_COMPARED_PEOPLE = 1000
# Arguments of a data set that say where it lies, not what it holds.
_PLACES = ('data_root', 'data_prefix', 'pipeline', 'lazy_init', 'serialize_data', 'max_refetch')
_COMMAND = 'python tools/dataset_converters/cache_latents.py CONFIG CHECKPOINT'


class LatentCacheFile:
    """``latents.npy`` of shape (views, people, C, h, w) float32, and ``latents.json``.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.array_path = folder / 'latents.npy'
        self.info_path = folder / 'latents.json'

    @cached_property
    def info(self) -> dict[str, Any]:
        """The content of ``latents.json``.

        Raises:
            FileNotFoundError: the cache does not exist, or its writing was not finished.
        """
        if not self.info_path.is_file():
            raise FileNotFoundError(
                f'expected a latent cache, found no {self.info_path.absolute()}; write it with '
                f'{_COMMAND}'
            )
        return load_json(self.info_path)

    @property
    def encoder(self) -> str:
        """Fingerprint of the encoder that the latents come from."""
        return self.info['encoder']

    @cached_property
    def skipped(self) -> frozenset[int]:
        """Positions of people without latents, as their image could not be read."""
        return frozenset(self.info['skipped'])

    @cached_property
    def latents(self) -> np.ndarray:
        """(views, people, C, h, w) float32, on disk."""
        return np.load(self.array_path, mmap_mode='r')

    def __getstate__(self) -> dict[str, Any]:
        """Without the array: every process opens its own."""
        return {name: value for name, value in vars(self).items() if name != 'latents'}

    @staticmethod
    def description(dataset: BaseDataset, config: Mapping[str, Any], views: int) -> dict[str, Any]:
        """What latents depend on, besides the encoder, as it is stored.

        All that the annotation of a person says counts: a crop may follow keypoints, box, body and
        camera. Images are not looked into: whoever changes them must write the cache anew.

        Args:
            dataset: The data set, initialised.
            config: Its config.
            views: Fixed draws of every person.
        """
        step = max(1, len(dataset) // _COMPARED_PEOPLE)
        people = hashlib.sha256()
        for position in range(0, len(dataset), step):
            person = dataset.get_data_info(position)
            person['img_path'] = Path(person['img_path']).name
            for entry in _entries(person):
                people.update(entry)
        settings = {name: value for name, value in config.items() if name not in _PLACES}
        return _plain(
            {
                'version': VERSION,
                'views': views,
                'dataset': settings,
                'pipeline': config['pipeline'],
                'people': {'count': len(dataset), 'sha256': people.hexdigest()},
            }
        )

    def check(self, description: Mapping[str, Any]) -> None:
        """Refuse a cache of something else.

        Args:
            description: From :meth:`description`.

        Raises:
            FileNotFoundError: there is no cache.
            ValueError: the cache was made of something else; the message says in what they differ.
        """
        made_of = self.info['made_of']
        different = [name for name in description if made_of.get(name) != description[name]]
        if different:
            pairs = [_first_difference(made_of.get(name), description[name]) for name in different]
            lines = [
                f'  {name}: in the cache {old}, in the config {new}'
                for name, (old, new) in zip(different, pairs, strict=True)
            ]
            raise ValueError(
                f'the latent cache in {self.folder.absolute()} was made of something else:\n'
                + '\n'.join(lines)
                + f'\nWrite it anew with {_COMMAND}, or into another folder (cache=...)'
            )
        shape = tuple(np.load(self.array_path, mmap_mode='r').shape)
        if list(shape) != self.info['shape']:
            raise ValueError(
                f'{self.array_path.absolute()} has shape {shape}, {self.info_path.name} says '
                f'{self.info["shape"]}: the two do not belong together. Write the cache anew with '
                f'{_COMMAND}'
            )

    def finish(self, made_of: Mapping[str, Any], **facts: Any) -> None:
        """Write ``latents.json``, which makes the cache valid.

        Args:
            made_of: From :meth:`description`.
            facts: ``encoder``, ``shape``, ``skipped``.
        """
        dump_json({'made_of': made_of, **facts}, self.info_path)
        vars(self).pop('info', None)


def _entries(person: Mapping[str, Any], name: str = '') -> Iterator[bytes]:
    """Name and value of every entry of an annotation, in the order of the names."""
    for key, value in sorted(person.items()):
        if isinstance(value, Mapping):
            yield from _entries(value, f'{name}{key}.')
        elif isinstance(value, np.ndarray):
            yield f'{name}{key} {value.dtype} {value.shape} '.encode() + value.tobytes()
        else:
            yield f'{name}{key} {value!r}'.encode()


def _plain(content: Any) -> Any:
    """The content as it comes back from a JSON file."""
    return json.loads(json.dumps(content, default=str))


def _first_difference(old: Any, new: Any) -> tuple[Any, Any]:
    """The first unequal entries of two lists; anything else as it is."""
    if not (isinstance(old, list) and isinstance(new, list)):
        return old, new
    pairs = zip_longest(old, new, fillvalue='nothing')
    return next(pair for pair in pairs if pair[0] != pair[1])
