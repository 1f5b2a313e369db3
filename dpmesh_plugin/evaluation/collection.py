"""Results of several processes, each sample once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dist import get_world_size


def padded_size(size: int) -> int:
    """How many results to collect so that nothing is cut off.

    mmengine keeps the first ``size`` collected results, which are the right ones only if all
    processes return equally many in the order of the sampler. Here all are kept and repeated
    samples are dropped by :func:`unique_samples`.

    Args:
        size: Number of samples in the data set.
    """
    return size * get_world_size()


def unique_samples(results: list[dict]) -> list[dict]:
    """Results ordered by ``sample_idx``, without those a distributed sampler repeated.

    Args:
        results: Results of all processes, each with ``sample_idx``.

    Raises:
        ValueError: there is none, or more are repeated than a sampler would repeat to give all
            processes equally many, which means that ``sample_idx`` does not identify a sample.
    """
    by_index = {result['sample_idx']: result for result in results}
    _check_repeats(len(results), len(by_index))
    return [by_index[index] for index in sorted(by_index)]


def unique_rows(
    parts: Sequence[tuple[Mapping[str, np.ndarray], Mapping[Any, str]]],
) -> tuple[dict[str, np.ndarray], dict[Any, str]]:
    """Tables of all processes as one, ordered by ``sample_idx``, each sample once.

    Args:
        parts: Of every process, columns with ``sample_idx`` (N,), or none where it has no sample;
            and the samples that were skipped, with the reason.

    Returns:
        The columns, none where all samples were skipped; and the skipped samples.

    Raises:
        ValueError: as for :func:`unique_samples`.
    """
    skipped = {index: reason for _, others in parts for index, reason in others.items()}
    table = join_columns([columns for columns, _ in parts if columns])
    rows: np.ndarray = np.empty(0, int)
    if table:
        _, rows = np.unique(table['sample_idx'], return_index=True)
    total = len(table.get('sample_idx', ())) + sum(len(others) for _, others in parts)
    _check_repeats(total, len(rows) + len(skipped))
    return {name: column[rows] for name, column in table.items()}, skipped


def join_columns(tables: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Tables with the same columns, one below the other; no column without a table."""
    if not tables:
        return {}
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def _check_repeats(total: int, unique: int) -> None:
    if not total:
        raise ValueError('no sample was evaluated: the data set or its subset is empty')
    if total - unique >= get_world_size():
        raise ValueError(
            f'{total - unique} of {total} results repeat the sample_idx of another; a sampler '
            f'repeats at most {get_world_size() - 1} in {get_world_size()} processes. Give every '
            'sample of the data set an index of its own'
        )
