import pytest

from dpmesh_plugin.profiling import LoaderRate, measure_loader

PIPELINE = [
    {'type': 'LoadMeshImage'},
    {'type': 'KeypointsToPrompt'},
    {'type': 'CropBox'},
    {'type': 'TopdownAffine'},
    {'type': 'PackMeshInputs'},
]


@pytest.fixture
def loader(synth_oc):
    return {
        'batch_size': 2,
        'num_workers': 0,
        'sampler': {'type': 'InfiniteEpochSampler'},
        'collate_fn': {'type': 'dpmesh_plugin.mesh_collate'},
        'dataset': {
            'type': 'PW3DDataset',
            'subset': 'train',
            'data_root': str(synth_oc),
            'ann_file': 'synth_oc_train.json',
            'pipeline': PIPELINE,
        },
    }


def test_rate_of_a_loader(loader):
    rate = measure_loader(loader, batches=3, warmup=1)
    assert rate.batches == 3
    assert rate.workers == 0
    assert rate.samples_per_second > 0


def test_a_loader_that_is_too_short(loader):
    finite = {**loader, 'sampler': {'type': 'EpochSampler', 'shuffle': False}}
    with pytest.raises(ValueError, match='more than 9 batches .* of 2 samples'):
        measure_loader(finite, warmup=9)


@pytest.mark.parametrize(
    ('rate', 'workers', 'fed'), [(10.0, 2, True), (9.9, 2, False), (99.0, 0, False)]
)
def test_who_is_fed(rate, workers, fed):
    assert LoaderRate(rate, workers, 5).feeds(0.1) == fed
