import pytest

from dpmesh_plugin.datasets.nesting import innermost, walk
from dpmesh_plugin.registry import DATASETS

NAMES = [
    *('RepeatDataset', 'MixedMeshDataset', 'PW3DDataset', 'LatentCacheDataset', 'PW3DDataset'),
    *('ConcatDataset', 'PreparedDataset', 'PW3DDataset', 'PW3DDataset'),
]


@pytest.fixture
def config(people):
    """Data sets in each other, four of them innermost."""
    plain = people()
    crops = {**plain, 'pipeline': [{'type': 'LoadMeshImage'}]}
    cached = {'type': 'LatentCacheDataset', 'dataset': crops, 'cache': 'latents'}
    prepared = {'type': 'PreparedDataset', 'dataset': plain}
    joined = {'type': 'ConcatDataset', 'datasets': [prepared, plain], 'lazy_init': True}
    groups = {'one': [plain, {**cached, 'lazy_init': True}], 'two': [joined]}
    mixture = {'type': 'MixedMeshDataset', 'groups': groups, 'lazy_init': True}
    return {'type': 'RepeatDataset', 'dataset': mixture, 'times': 2, 'lazy_init': True}


def test_configs_and_built_data_sets_are_looked_into_alike(config):
    assert [each['type'] for each in walk(config)] == NAMES
    assert [each['type'] for each in innermost(config)] == 4 * ['PW3DDataset']
    built = DATASETS.build(config)
    assert [type(each).__name__ for each in walk(built)] == NAMES
    assert [type(each).__name__ for each in innermost(built)] == 4 * ['PW3DDataset']


def test_a_data_set_of_its_own_is_the_innermost(people):
    dataset = DATASETS.build(people())
    assert list(innermost(dataset)) == [dataset]
