import pytest

from dpmesh_plugin.structures import MeshBatch, list_meta, stack_field, stack_meta


@pytest.mark.parametrize('gather', [list, MeshBatch.stack], ids=['list', 'batch'])
def test_stacks_of_lists_and_batches_are_the_same(gather, sample):
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
def test_the_sample_that_lacks_a_field_is_named(gather, sample):
    samples = gather([sample(0), sample(1, truth=False)])
    with pytest.raises(KeyError, match='sample 1 of the batch has no gt_instances.betas'):
        stack_field(samples, 'gt_instances', 'betas')
