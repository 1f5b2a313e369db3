import pytest
import torch
from mmengine.optim import OptimWrapper

from dpmesh_plugin.registry import MODELS


@pytest.fixture
def samples(make_samples) -> list:
    people = make_samples(4)
    for person in people:
        person.set_metainfo({'gender': 'neutral'})
    return people


def _build(kind: str, body, **options) -> torch.nn.Module:
    torch.manual_seed(0)
    return MODELS.build({'type': kind, 'body_model': body, **options})


def _lifter(body) -> torch.nn.Module:
    return _build('KeypointLifter', body, width=16)


def test_targets_are_the_joints_that_the_metric_measures(samples, open_body):
    truth = samples[1].gt_instances
    parameters = {name: truth[name] for name in ('global_orient', 'body_pose', 'betas')}
    joints = open_body.regress(open_body(**parameters).vertices, 'h36m_17')
    expected = open_body.regress(open_body(**parameters).vertices, 'h36m_14') - joints[:, :1]
    found = _lifter(open_body).true_joints(samples)[1:2]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_three_modes_of_the_lifter(samples, open_body):
    model = _lifter(open_body).eval()
    joints = model(data_samples=samples)
    assert joints.shape == (4, 14, 3)
    loss = model(data_samples=samples, mode='loss')['loss_joints']
    by_hand = (joints - model.true_joints(samples)).square().sum(-1).sqrt().mean()
    torch.testing.assert_close(loss, by_hand)
    predicted = model(data_samples=samples, mode='predict')
    torch.testing.assert_close(predicted[2].pred_instances.joints, joints[2:3])
    one_by_one = torch.cat([model(data_samples=samples[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(joints, one_by_one, atol=1e-6, rtol=0)


def test_the_lifter_sees_visible_keypoints_and_nothing_else(samples, open_body):
    model = _lifter(open_body).eval()
    before = model(data_samples=samples)
    prompt = samples[0].prompt
    prompt.keypoints[0, 3] += 5
    assert (model(data_samples=samples)[0] - before[0]).abs().max() > 1e-5
    prompt.keypoints_visible[0, 3] = 0
    hidden = model(data_samples=samples)
    prompt.keypoints[0, 3] += 5
    torch.testing.assert_close(model(data_samples=samples), hidden)
    torch.testing.assert_close(model(torch.rand(4, 3, 8, 8), samples), hidden)


def test_everything_in_the_lifter_is_trained(samples, open_body):
    model = _lifter(open_body)
    model(data_samples=samples, mode='loss')['loss_joints'].backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())
    assert not any(name.startswith('body_model.layers') for name in model.state_dict())


def test_one_epoch_gives_the_exact_mean(samples, open_body):
    model = _build('MeanPoseEstimator', open_body)
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1.0))
    losses = [
        model.train_step({'data_samples': batch}, wrapper) for batch in (samples[:1], samples[1:])
    ]
    assert losses[0]['loss'] == losses[0]['loss_joints'] > 0
    expected = model.true_joints(samples).mean(dim=0)
    torch.testing.assert_close(model.mean.data, expected)
    torch.testing.assert_close(model.eval()(data_samples=samples)[3], expected)
    assert model.state_dict()['count'] == 4


def test_the_mean_is_not_learnt_by_gradients(samples, open_body):
    model = _build('MeanPoseEstimator', open_body)
    with pytest.raises(RuntimeError, match='leave out --launcher'):
        model(data_samples=samples, mode='loss')
    assert model.eval()(data_samples=samples).shape == (4, 14, 3)


def test_bad_calls_are_refused(samples, open_body):
    model = _lifter(open_body)
    with pytest.raises(ValueError, match="got 'train' and 4 samples"):
        model(data_samples=samples, mode='train')
    with pytest.raises(ValueError, match="got 'loss' and 0 samples"):
        model(data_samples=[], mode='loss')
