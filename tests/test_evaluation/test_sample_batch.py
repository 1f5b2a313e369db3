import numpy as np
import pytest
import torch

from dpmesh_plugin.evaluation.sample_batch import Needs, SampleBuffer, read_batch

PLAIN = Needs('dpmesh_30')


def _without(sample, part, name):
    if not part:
        return {key: value for key, value in sample.items() if key != name}
    kept = {key: value for key, value in sample[part].items() if key != name}
    return {**sample, part: kept}


def _with(sample, part, name, value):
    return {**sample, part: {**sample[part], name: value}}


def test_a_batch_is_stacked_and_owns_its_memory(samples, body):
    batch = read_batch(samples[1:8:3], body_model=body, needs=PLAIN)
    assert batch.points.shape == (3, body.num_vertices, 3)
    assert batch.parameters['body_pose'].shape == (3, 23, 3)
    assert batch.gender == 'male'
    assert batch.columns['occlusion'].tolist() == [0.1, 0.4, 0.7]
    expected = samples[1]['pred_instances']['vertices'].clone()
    batch.points.zero_()
    torch.testing.assert_close(samples[1]['pred_instances']['vertices'], expected)


def test_a_buffer_returns_what_was_added(samples, body):
    buffer = SampleBuffer(8)
    for part in (samples[:3], samples[3:7]):
        buffer.add(read_batch(part, body_model=body, needs=Needs('dpmesh_30', order=True)))
    assert len(buffer) == 7
    batch = buffer.pop()
    expected = torch.cat([sample['pred_instances']['vertices'] for sample in samples[:7]])
    torch.testing.assert_close(batch.points, expected)
    assert batch.columns['frame_idx'].tolist() == [0, 0, 1, 1, 2, 2, 3]
    assert len(buffer) == 0


def test_what_is_not_known_is_nan_or_empty(samples, body):
    loose = _without(_without(samples[0], '', 'occlusion'), '', 'track_id')
    columns = read_batch(
        [_without(loose, 'gt_instances', 'visibility'), samples[1]],
        body_model=body,
        needs=Needs('dpmesh_30', order=True),
    ).columns
    assert np.isnan(columns['occlusion'][0])
    assert columns['track_id'].tolist() == ['', '1']
    assert (columns['visibility'][0] == 5).all()


@pytest.mark.parametrize(
    ('part', 'name', 'needs', 'message'),
    [
        ('pred_instances', 'vertices', PLAIN, r'has no pred_instances.vertices'),
        ('gt_instances', 'betas', PLAIN, r'has no gt_instances.betas; the metrics chosen need'),
        ('', 'pred_instances', PLAIN, r'has no pred_instances.vertices'),
        ('', 'gender', PLAIN, r'has no gender; .* in the meta information'),
        ('gt_instances', 'transl', Needs('dpmesh_30', translation=True), 'gt_instances.transl'),
        ('pred_instances', 'pelvis', Needs('dpmesh_30', camera=True), 'pred_instances.pelvis'),
        ('', 'focal_length', Needs('dpmesh_30', camera=True), 'has no focal_length'),
    ],
)
def test_a_sample_that_lacks_something_is_named(samples, body, part, name, needs, message):
    broken = _without(samples[2], part, name)
    with pytest.raises(KeyError, match=rf'sample 2 \(a.jpg\) .*{message}|{message}') as caught:
        read_batch([samples[0], broken], body_model=body, needs=needs)
    assert 'sample 2 (a.jpg)' in str(caught.value)


@pytest.mark.parametrize(
    ('part', 'name', 'value', 'message'),
    [
        ('pred_instances', 'vertices', torch.zeros(1, 778, 3), r'must be \(1, 6890, 3\).*778'),
        ('pred_instances', 'vertices', torch.zeros(6890, 3), r'must be \(1, 6890, 3\)'),
        ('gt_instances', 'betas', torch.full((1, 10), torch.nan), 'annotated betas is not finite'),
        ('gt_instances', 'body_pose', torch.full((1, 23, 3), torch.inf), 'body_pose is not finite'),
    ],
)
def test_bad_values_are_named(samples, body, part, name, value, message):
    broken = _with(samples[2], part, name, value)
    with pytest.raises(ValueError, match=rf'sample 2 \(a.jpg\): .*{message}'):
        read_batch([samples[0], broken], body_model=body, needs=PLAIN)


def test_an_annotation_of_another_body_model_is_named(samples, body):
    foreign = {**samples[2], 'body_model_id': 'smpl-1234'}
    with pytest.raises(ValueError, match=rf"sample 2 .*'smpl-1234'.*{body.model_id}"):
        read_batch([foreign], body_model=body, needs=PLAIN)
