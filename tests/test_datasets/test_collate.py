import pickle

import pytest
import torch

from dpmesh_plugin.registry import DATASETS, FUNCTIONS

PIPELINE = [
    {'type': 'LoadMeshImage'},
    {'type': 'KeypointsToPrompt'},
    {'type': 'CropBox'},
    {'type': 'TopdownAffine', 'input_size': (32, 32)},
    {'type': 'PackMeshInputs'},
]


def test_batch_survives_the_way_out_of_a_worker(people):
    dataset = DATASETS.build(people() | {'pipeline': PIPELINE})
    items = [dataset[0], dataset[3]]
    batch = FUNCTIONS.get('mesh_collate')(items)
    assert batch['inputs'].shape == (2, 3, 32, 32)
    assert batch['data_samples'][1] is items[1]['data_samples']
    content = pickle.dumps(batch)
    samples = pickle.loads(content)['data_samples']
    assert type(samples) is list
    for sample, item in zip(samples, items, strict=True):
        expected = item['data_samples']
        assert sample.sample_idx == expected.sample_idx
        for field in ('prompt', 'gt_instances'):
            for name, value in expected.get(field).items():
                assert torch.equal(sample.get(field)[name], value), name


def test_pictures_and_none_do_not_mix():
    items = [{'inputs': torch.zeros(3, 2, 2), 'data_samples': None}, {'data_samples': None}]
    with pytest.raises(ValueError, match='one kind in a batch, got data_samples and inputs, data'):
        FUNCTIONS.get('mesh_collate')(items)
