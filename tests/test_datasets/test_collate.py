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
    samples = pickle.loads(pickle.dumps(batch))['data_samples']
    for sample, item in zip(samples, items, strict=True):
        assert sample.sample_idx == item['data_samples'].sample_idx
        assert torch.equal(sample.prompt.keypoints, item['data_samples'].prompt.keypoints)


def test_pictures_and_none_do_not_mix():
    items = [{'inputs': torch.zeros(3, 2, 2), 'data_samples': None}, {'data_samples': None}]
    with pytest.raises(ValueError, match='one kind in a batch, got data_samples and inputs, data'):
        FUNCTIONS.get('mesh_collate')(items)
