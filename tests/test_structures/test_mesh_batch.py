import pickle

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from dpmesh_plugin.models.data_preprocessor import MeshDataPreprocessor
from dpmesh_plugin.structures import MeshBatch


def assert_same(found, expected):
    assert dict(found.metainfo_items()).keys() == dict(expected.metainfo_items()).keys()
    for name, value in expected.metainfo_items():
        np.testing.assert_array_equal(found.get(name), value, err_msg=name)
    assert set(found.keys()) == set(expected.keys())
    for part in expected.keys():  # noqa: SIM118
        for name, value in expected.get(part).items():
            assert torch.equal(found.get(part)[name], value), name


def test_samples_come_back_as_they_were(sample):
    samples = [sample(0), sample(1, gender='male'), sample(2, truth=False)]
    for batch in (MeshBatch.stack(samples), pickle.loads(pickle.dumps(MeshBatch.stack(samples)))):
        assert len(batch) == 3
        for found, expected in zip(batch, samples, strict=True):
            assert_same(found, expected)


def test_what_is_set_on_a_sample_stays(sample):
    batch = MeshBatch.stack([sample(0), sample(1)])
    for each in batch:
        each.pred_instances = InstanceData(betas=torch.ones(1, 10))
    assert 'pred_instances' in batch[1]
    assert len(batch[:1]) == 1


def test_fields_of_two_shapes_are_refused(sample):
    other = sample(1)
    other.gt_instances = InstanceData(betas=torch.zeros(1, 16))
    with pytest.raises(ValueError, match='expected betas of one shape .* in all samples'):
        MeshBatch.stack([sample(0), other])


def test_preprocessor_moves_the_fields(sample):
    preprocessor = MeshDataPreprocessor()
    data = {'data_samples': MeshBatch.stack([sample(0), sample(1)])}
    moved = preprocessor.to('meta')(data)['data_samples']
    assert moved.field('prompt', 'keypoints').device.type == 'meta'
    assert moved.meta('img_path') == ['0.jpg', '1.jpg']
