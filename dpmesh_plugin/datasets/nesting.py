"""Data sets below others: what mixtures and wrappers hold, built or as configs."""

from collections.abc import Iterator, Mapping
from typing import Any


def walk(dataset: Any) -> Iterator[Any]:
    """A data set and all below it, each before what it holds.

    Args:
        dataset: Data set or config of one; mixtures, mmengine's wrappers and those of this package
            are looked into.
    """
    yield dataset
    for part in _parts(dataset):
        yield from walk(part)


def innermost(dataset: Any) -> Iterator[Any]:
    """Those that hold no other: they have annotations and a pipeline that reads them.

    Args:
        dataset: As for :func:`walk`.
    """
    return (each for each in walk(dataset) if not _parts(each))


def _parts(dataset: Any) -> list:
    """What a data set holds directly, under any of the names that are in use."""

    def entry(name: str) -> Any:
        is_config = isinstance(dataset, Mapping)
        return dataset.get(name) if is_config else getattr(dataset, name, None)

    if groups := entry('groups'):
        return [part for parts in groups.values() for part in parts]
    if several := entry('parts') or entry('datasets'):
        return list(several)
    inner = entry('dataset')
    return [] if inner is None else [inner]  # its truth value would read its annotations
