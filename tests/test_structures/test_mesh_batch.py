import pickle

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from dpmesh_plugin.models.data_preprocessor import MeshDataPreprocessor
from dpmesh_plugin.structures import (
    MeshBatch,
    MeshDataSample,
    list_meta,
    stack_field,
    stack_meta,
)


def sample(index, *, truth=True, **metainfo):
    made = MeshDataSample(
        metainfo={
            'img_path': f'{index}.jpg',
            'warp_mat': np.full((2, 3), index, np.float32),
            'ori_shape': (640, 480 + index),
            **metainfo,
        }
    )
    made.prompt = InstanceData(keypoints=torch.full((1, 30, 2), float(index)))
    if truth:
        made.gt_instances = InstanceData(betas=torch.full((1, 10), float(index)))
    return made


def assert_same(found, expected):
    assert dict(found.metainfo_items()).keys() == dict(expected.metainfo_items()).keys()
    for name, value in expected.metainfo_items():
        np.testing.assert_array_equal(found.get(name), value, err_msg=name)
    assert set(found.keys()) == set(expected.keys())
    for part in expected.keys():  # noqa: SIM118
        for name, value in expected.get(part).items():
            assert torch.equal(found.get(part)[name], value), name


def test_samples_come_back_as_they_were():
    samples = [sample(0), sample(1, gender='male'), sample(2, truth=False)]
    for batch in (MeshBatch.stack(samples), pickle.loads(pickle.dumps(MeshBatch.stack(samples)))):
        assert len(batch) == 3
        for found, expected in zip(batch, samples, strict=True):
            assert_same(found, expected)


def test_what_is_set_on_a_sample_stays():
    batch = MeshBatch.stack([sample(0), sample(1)])
    for each in batch:
        each.pred_instances = InstanceData(betas=torch.ones(1, 10))
    assert 'pred_instances' in batch[1]
    assert len(batch[:1]) == 1


@pytest.mark.parametrize('gather', [list, MeshBatch.stack], ids=['list', 'batch'])
def test_stacks_of_lists_and_batches_are_the_same(gather):
    samples = gather([sample(0), sample(3, gender='male')])
    assert stack_field(samples, 'gt_instances', 'betas')[:, 0].tolist() == [0, 3]
    assert stack_meta(samples, 'warp_mat')[:, 0, 0].tolist() == [0, 3]
    assert stack_meta(samples, 'ori_shape').tolist() == [[640, 480], [640, 483]]
    assert list_meta(samples, 'img_path') == ['0.jpg', '3.jpg']
    with pytest.raises(KeyError, match='sample 0 of the batch has no gender'):
        list_meta(samples, 'gender')
    with pytest.raises(KeyError, match='sample 0 of the batch has no clean_prompt.keypoints'):
        stack_field(samples, 'clean_prompt', 'keypoints')


@pytest.mark.parametrize('gather', [list, MeshBatch.stack], ids=['list', 'batch'])
def test_the_sample_that_lacks_a_field_is_named(gather):
    samples = gather([sample(0), sample(1, truth=False)])
    with pytest.raises(KeyError, match='sample 1 of the batch has no gt_instances.betas'):
        stack_field(samples, 'gt_instances', 'betas')


def test_fields_of_two_shapes_are_refused():
    other = sample(1)
    other.gt_instances = InstanceData(betas=torch.zeros(1, 16))
    with pytest.raises(ValueError, match='expected betas of one shape .* in all samples'):
        MeshBatch.stack([sample(0), other])


def test_preprocessor_moves_the_fields():
    preprocessor = MeshDataPreprocessor()
    data = {'data_samples': MeshBatch.stack([sample(0), sample(1)])}
    moved = preprocessor.to('meta')(data)['data_samples']
    assert moved.field('prompt', 'keypoints').device.type == 'meta'
    assert moved.meta('img_path') == ['0.jpg', '1.jpg']
