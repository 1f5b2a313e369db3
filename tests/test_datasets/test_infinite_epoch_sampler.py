from itertools import islice

import pytest

from dpmesh_plugin.datasets import EpochSampler
from dpmesh_plugin.registry import DATA_SAMPLERS


def _sampler(length=5, **options):
    config = {'type': 'InfiniteEpochSampler', 'dataset': range(length), 'seed': 2, **options}
    return DATA_SAMPLERS.build(config)


def _first(sampler, count):
    return list(islice(sampler, count))


def test_epochs_follow_each_other_with_their_own_order_and_draws():
    indices = _first(_sampler(), 15)
    epochs = [indices[start : start + 5] for start in (0, 5, 10)]
    assert all(sorted(index % 5 for index in epoch) == list(range(5)) for epoch in epochs)
    assert len({tuple(index % 5 for index in epoch) for epoch in epochs}) > 1
    assert len(set(indices)) == 15
    finite = EpochSampler(dataset=range(5), seed=2)
    finite.set_epoch(1)
    assert list(finite) == epochs[1]


@pytest.mark.parametrize('skipped', [0, 3, 5, 12])
def test_a_resumed_run_goes_on_at_its_sample(skipped):
    expected = _first(_sampler(), 20)
    sampler = _sampler()
    sampler.skip(skipped)
    assert _first(sampler, 20 - skipped) == expected[skipped:]


def test_processes_take_turns_in_one_order():
    expected = _first(_sampler(), 12)
    ranks = []
    for rank in range(2):
        sampler = _sampler()
        sampler.rank, sampler.world_size = rank, 2
        ranks.append(_first(sampler, 6))
    assert [index for pair in zip(*ranks, strict=True) for index in pair] == expected


def test_without_shuffling():
    assert [index % 5 for index in _first(_sampler(shuffle=False), 7)] == [0, 1, 2, 3, 4, 0, 1]
