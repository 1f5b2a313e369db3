import pytest
import torch
from torch.utils.data import DataLoader

from dpmesh_plugin.datasets import EpochSampler
from dpmesh_plugin.registry import DATA_SAMPLERS, DATASETS

PIPELINE = [
    {'type': 'LoadMeshImage'},
    {'type': 'RandomScaleRotateFlip'},
    {'type': 'KeypointsToPrompt'},
    {'type': 'CropBox', 'margin': (1.0, 1.2)},
    {'type': 'TopdownAffine', 'input_size': (32, 32)},
    {'type': 'KeypointJitter', 'sigma': 0.1},
    {'type': 'RandomChannelScale'},
    {'type': 'PackMeshInputs'},
]


@pytest.fixture
def dataset(people):
    return DATASETS.build(people() | {'pipeline': PIPELINE})


def _sampler(dataset, **options):
    return DATA_SAMPLERS.build({'type': 'EpochSampler', 'dataset': dataset, 'seed': 3, **options})


def _crops(dataset, indices):
    """What the pipeline makes of every person, by annotation."""
    items = [dataset[index] for index in indices]
    return {item['data_samples'].sample_idx: item['inputs'] for item in items}


def _equal(some, others):
    return some.keys() == others.keys() and all(some[k].equal(others[k]) for k in some)


def test_draws_depend_on_seed_epoch_and_sample_alone(dataset):
    sampler = _sampler(dataset)
    crops = _crops(dataset, list(sampler))
    torch.manual_seed(9)
    assert _equal(crops, _crops(dataset, sorted(sampler)))
    sampler.set_epoch(1)
    assert not _equal(crops, _crops(dataset, sampler))
    assert not _equal(crops, _crops(dataset, _sampler(dataset, seed=4)))
    assert not crops[100].equal(crops[101])


@pytest.mark.parametrize('num_workers', [0, 2])
def test_draws_are_the_same_in_every_process(dataset, num_workers):
    sampler = _sampler(dataset)
    expected = _crops(dataset, sampler)
    found = {}
    for rank in range(2):
        sampler.rank, sampler.world_size = rank, 2
        sampler.num_samples = 2
        loader = DataLoader(
            dataset, sampler=sampler, batch_size=None, num_workers=num_workers, collate_fn=None
        )
        found |= {item['data_samples'].sample_idx: item['inputs'] for item in loader}
    assert _equal(found, expected)


def test_the_generators_of_the_process_are_left_alone(dataset):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    dataset[next(iter(_sampler(dataset)))]
    assert torch.rand(3).equal(expected)


def test_plain_indices_draw_from_the_process_in_training_and_repeat_in_tests(dataset, people):
    assert not dataset[0]['inputs'].equal(dataset[0]['inputs'])
    tested = DATASETS.build(people() | {'pipeline': PIPELINE, 'test_mode': True})
    assert tested[0]['inputs'].equal(tested[0]['inputs'])


def test_an_epoch_can_start_late_once():
    sampler = EpochSampler(dataset=range(7), seed=0)
    whole = list(sampler)
    sampler.start_at(3)
    assert len(sampler) == 7
    assert list(sampler) == whole[3:]
    assert list(sampler) == whole
    assert sorted(index % 7 for index in whole) == list(range(7))
