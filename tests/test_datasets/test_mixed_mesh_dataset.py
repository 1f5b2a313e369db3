import pickle
from collections import Counter

import pytest
import torch
from mmengine.dataset import BaseDataset
from torch.utils.data import DataLoader

from dpmesh_plugin.datasets import EpochSampler, MixedMeshDataset
from dpmesh_plugin.datasets.transforms.randomness import draw_number
from dpmesh_plugin.registry import DATA_SAMPLERS, DATASETS


class _Numbers(BaseDataset):
    def __init__(self, start: int, stop: int):
        self._range = range(start, stop)
        super().__init__(metainfo={'dataset_name': f'from {start}'})

    def load_data_list(self):
        return [{'number': number} for number in self._range]


def _sets(*bounds):
    return [_Numbers(start, stop) for start, stop in bounds]


def _numbers(dataset, epoch=0):
    start = epoch * len(dataset)
    return [dataset[start + index]['number'] for index in range(len(dataset))]


@pytest.fixture
def balanced():
    # 3 + 4 samples against 3: M = 7
    groups = {'in_space': _sets((0, 3), (10, 14)), 'in_image': _sets((100, 103))}
    return MixedMeshDataset(groups=groups, seed=5)


def test_published_rule_by_hand(balanced):
    numbers = _numbers(balanced)
    assert len(balanced) == 14
    assert numbers[:7] == [0, 1, 2, 10, 11, 12, 13]
    # floor(7 / 3) whole passes, then a random element
    assert numbers[7:13] == [100, 101, 102] * 2
    assert numbers[13] in (100, 101, 102)


def test_the_rest_changes_with_epoch_and_seed_and_with_nothing_else(balanced):
    rests = [_numbers(balanced, epoch)[13] for epoch in range(30)]
    assert set(rests) == {100, 101, 102}
    again = pickle.loads(pickle.dumps(balanced))
    assert [_numbers(again, epoch)[13] for epoch in reversed(range(30))] == rests[::-1]
    other = MixedMeshDataset(groups=balanced.groups, seed=6)
    assert [_numbers(other, epoch)[13] for epoch in range(30)] != rests


@pytest.mark.parametrize(
    ('length', 'shares'), [(None, {'a': 15, 'b': 5}), (7, {'a': 5, 'b': 2}), (1, {'a': 1})]
)
def test_shares_by_ratio_are_exact(length, shares):
    groups = {'a': _sets((0, 16)), 'b': _sets((100, 104))}
    dataset = MixedMeshDataset(groups=groups, ratios={'b': 1, 'a': 3}, length=length)
    numbers = _numbers(dataset)
    assert len(dataset) == sum(shares.values())
    assert Counter('b' if number >= 100 else 'a' for number in numbers) == shares
    assert len({number for number in numbers if number < 100}) == shares['a']  # no repetition


def test_workers_that_live_on_see_the_epoch(balanced):
    sampler = EpochSampler(dataset=balanced, shuffle=True, seed=3)
    loader = DataLoader(
        balanced,
        batch_size=14,
        sampler=sampler,
        num_workers=1,
        persistent_workers=True,
        collate_fn=lambda batch: [item['number'] for item in batch],
    )
    epochs = []
    for epoch in range(4):
        sampler.set_epoch(epoch)
        (batch,) = list(loader)
        assert sorted(batch) == sorted(_numbers(balanced, draw_number(3, epoch)))
        epochs.append(batch)
    sampler = EpochSampler(dataset=balanced, shuffle=True, seed=3)  # a resumed run
    sampler.set_epoch(3)
    assert [balanced[index]['number'] for index in sampler] == epochs[3]
    assert epochs[0] != epochs[1]


class _Drawing(_Numbers):
    def prepare_data(self, idx):
        return float(torch.rand(()))


def test_repeated_passes_over_a_part_draw_anew():
    groups = {'in_space': [_Drawing(0, 4)], 'in_image': [_Drawing(0, 2)]}
    dataset = MixedMeshDataset(groups=groups)
    indices = list(EpochSampler(dataset=dataset, shuffle=False, seed=0))
    first = [dataset[index] for index in indices]
    assert len(set(first)) == 8
    assert [dataset[index] for index in reversed(indices)] == first[::-1]


def test_builds_from_a_config(schema_people):
    config = schema_people()
    dataset = DATASETS.build(
        {'type': 'MixedMeshDataset', 'groups': {'in_space': [config, config]}, 'lazy_init': True}
    )
    assert len(dataset) == 8
    assert dataset.get_data_info(5)['sample_idx'] == 201
    assert dataset.metainfo['dataset_name'] == 'Human3.6M + Human3.6M'
    sampler = DATA_SAMPLERS.build({'type': 'EpochSampler', 'dataset': dataset, 'shuffle': False})
    assert [index % 8 for index in sampler] == list(range(8))


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        ({'groups': {}}, ValueError, 'expected groups of data sets, got none'),
        ({'groups': {'a': []}}, ValueError, 'got empty groups: a'),
        ({'ratios': {'b': 1}}, KeyError, 'ratios are for b, the groups are a'),
        ({'ratios': {'a': 0}}, ValueError, 'must be above 0'),
        ({'ratios': {'a': 1}, 'length': 0}, ValueError, 'must be above 0'),
        ({'length': 5}, ValueError, 'length needs ratios'),
    ],
)
def test_bad_mixtures_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        MixedMeshDataset(**({'groups': {'a': _sets((0, 3))}} | options))


def test_negative_index_is_refused(balanced):
    with pytest.raises(IndexError, match='got -1'):
        balanced[-1]
