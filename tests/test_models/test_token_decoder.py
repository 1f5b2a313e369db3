import pytest
import torch

from dpmesh_plugin.models.heads import TokenDecoder
from dpmesh_plugin.models.heads.token_decoder import sample_volume
from dpmesh_plugin.registry import MODELS

TINY = {
    'type': 'TokenDecoder',
    'num_joints': 5,
    'channels': 8,
    'num_layers': 3,
    'num_heads': 2,
    'feedforward_channels': 16,
}


def _inputs(batch=2):
    torch.manual_seed(0)
    return (
        torch.randn(batch, 12, 8),
        torch.randn(12, 8),
        torch.randn(batch, 8, 2, 3, 4),
        torch.tensor(3.0, requires_grad=True),
    )


def test_shapes_and_start_in_the_middle():
    decoder = MODELS.build(TINY).eval()
    assert isinstance(decoder, TokenDecoder)
    tokens, joints = decoder(*_inputs())
    assert tokens.shape == (3, 2, 3, 8)
    assert joints.shape == (2, 5, 3)
    torch.testing.assert_close(joints, torch.full_like(joints, 0.5), atol=0.1, rtol=0)


def test_volume_is_read_from_the_second_layer_on():
    decoder = MODELS.build(TINY).eval()
    image_tokens, position, volume, exponent = _inputs()
    tokens, _ = decoder(image_tokens, position, volume, exponent)
    others, _ = decoder(image_tokens, position, volume + 1, exponent)
    torch.testing.assert_close(tokens[0], others[0], rtol=0, atol=0)
    assert not torch.allclose(tokens[1], others[1])


def test_sampling_finds_corners_and_middles():
    volume = torch.arange(2 * 3 * 4, dtype=torch.float32).reshape(1, 1, 2, 3, 4)
    joints = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0, 0]]])
    sampled = sample_volume(volume, joints, torch.tensor(1.0))
    torch.testing.assert_close(sampled[0, :, 0], torch.tensor([0.0, 3, 8, 12, 1.5]))


def test_depth_is_spaced_by_the_exponent():
    volume = torch.tensor([0.0, 1.0]).reshape(1, 1, 2, 1, 1).expand(1, 1, 2, 2, 2)
    joints = torch.tensor([[[0.5, 0.5, 0.5]]])
    sampled = sample_volume(volume, joints, torch.tensor(3.0))
    assert sampled.item() == pytest.approx(0.125)


def test_gradients_reach_every_parameter_and_the_exponent():
    decoder = MODELS.build(TINY)
    *inputs, exponent = _inputs()
    tokens, joints = decoder(*inputs, exponent)
    (tokens.square().sum() + joints.sum()).backward()
    missing = [name for name, value in decoder.named_parameters() if value.grad is None]
    assert missing == []
    assert exponent.grad != 0
