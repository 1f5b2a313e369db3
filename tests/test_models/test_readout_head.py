import pytest
import torch

from dpmesh_plugin.models.heads import ReadoutHead
from dpmesh_plugin.registry import MODELS

FOCAL = torch.tensor([800.0, 1200.0])


@pytest.fixture
def config(open_body):
    decoder = {'type': 'ContinuousPoseDecoder'}
    return {'type': 'ReadoutHead', 'body_model': open_body, 'pose_decoder': decoder}


@pytest.fixture
def head(config):
    torch.manual_seed(0)
    return MODELS.build({**config, 'in_channels': 12})


def test_an_empty_map_is_a_standing_person(head):
    assert isinstance(head, ReadoutHead)
    output = head(torch.zeros(2, 12, 4, 4), FOCAL)
    assert output.global_orient.abs()[0].tolist() == pytest.approx([torch.pi, 0, 0], abs=0.05)
    assert output.body_pose[0, 15].tolist() == pytest.approx([0, 0, -1.2], abs=0.05)


def test_only_the_mean_of_the_map_counts(head):
    feats = torch.randn(2, 12, 4, 4)
    output, turned = head(feats, FOCAL), head(feats.flip(2, 3), FOCAL)
    torch.testing.assert_close(output.vertices, turned.vertices, atol=1e-5, rtol=1e-5)


def test_every_parameter_gets_a_gradient(head, make_samples):
    losses = head.loss(torch.randn(2, 12, 4, 4), make_samples(2))
    sum(losses.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())
    assert head.readout.regressors['camera'].weight.grad.abs().sum() > 0


def test_an_untrained_token_head_gives_the_body_of_its_readout(head, tiny_head):
    decoder = {'type': 'ContinuousPoseDecoder'}
    token_head = MODELS.build({**tiny_head, 'start': 'readout', 'pose_decoder': decoder}).eval()
    token_head.readout.load_state_dict(head.readout.state_dict())
    feats = 10 + torch.randn(2, 12, 4, 4)
    output, expected = token_head(feats, FOCAL), head(feats, FOCAL)
    for name in ('vertices', 'betas', 'transl'):
        torch.testing.assert_close(getattr(output, name), getattr(expected, name))
    assert expected.betas.abs().max() > 0.01
