import pytest
import torch

from dpmesh_plugin.registry import MODELS


@pytest.fixture
def embedding():
    torch.manual_seed(0)
    config = {'type': 'PromptEmbedding', 'num_keypoints': 4, 'out_channels': 6, 'width': 8}
    return MODELS.build(config).eval()


def test_masked_keypoints_do_not_count(embedding):
    points, mask = torch.rand(2, 4, 2), torch.ones(2, 4)
    mask[:, 1] = 0
    moved = points.clone()
    moved[:, 1] += 1
    assert embedding(points, mask).shape == (2, 6)
    torch.testing.assert_close(embedding(moved, mask), embedding(points, mask))
    assert not torch.allclose(embedding(moved, torch.ones(2, 4)), embedding(moved, mask))


def test_coordinates_are_not_rounded_under_autocast(embedding):
    points, mask = torch.rand(2, 4, 2), torch.ones(2, 4)
    expected = embedding(points, mask)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(embedding(points, mask), expected)


def test_every_parameter_gets_a_gradient(embedding):
    embedding.train()(torch.rand(8, 4, 2), torch.ones(8, 4)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in embedding.parameters())


def test_frozen_it_keeps_its_statistics(embedding):
    points, mask = torch.rand(2, 4, 2), torch.ones(2, 4)
    expected = embedding(points, mask)
    embedding.requires_grad_(False).train()
    assert torch.equal(embedding(points, mask), expected)
    embedding.requires_grad_(True).train()
    assert not torch.allclose(embedding(points, mask), expected)
