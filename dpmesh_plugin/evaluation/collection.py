"""Results of several processes, each sample once."""

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
    if not results:
        raise ValueError('no sample was evaluated: the data set or its subset is empty')
    by_index = {result['sample_idx']: result for result in results}
    num_repeated = len(results) - len(by_index)
    if num_repeated >= get_world_size():
        raise ValueError(
            f'{num_repeated} of {len(results)} results repeat the sample_idx of another; a sampler '
            f'repeats at most {get_world_size() - 1} in {get_world_size()} processes. Give every '
            'sample of the data set an index of its own'
        )
    return [by_index[index] for index in sorted(by_index)]
