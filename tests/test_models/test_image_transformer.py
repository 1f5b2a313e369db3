import pytest
import torch

from dpmesh_plugin.models.heads import ImageTransformer
from dpmesh_plugin.registry import MODELS

TINY = {
    'type': 'ImageTransformer',
    'in_channels': 6,
    'channels': 8,
    'size': (3, 4),
    'num_layers': 1,
    'num_heads': 2,
    'feedforward_channels': 16,
}


def test_builds_and_gives_one_token_per_cell():
    transformer = MODELS.build(TINY).eval()
    assert isinstance(transformer, ImageTransformer)
    assert transformer(torch.randn(2, 6, 3, 4)).shape == (2, 12, 8)


def test_tokens_are_row_major():
    transformer = MODELS.build({**TINY, 'num_layers': 0})
    feature = torch.zeros(1, 6, 3, 4)
    changed = feature.clone()
    changed[0, :, 1, 2] = 1
    difference = (transformer(changed) - transformer(feature)).abs().amax(-1)[0]
    assert difference.nonzero().flatten().tolist() == [6]


@pytest.mark.parametrize('ladder', [False, True])
def test_position_enters_queries_and_keys_only(ladder):
    """Equal cells attend to equal values, so a constant picture gives equal tokens."""
    transformer = MODELS.build({**TINY, 'frequency_ladder': ladder}).eval()
    tokens = transformer(torch.ones(1, 6, 3, 4))
    torch.testing.assert_close(tokens, tokens[:, :1].expand_as(tokens))


def test_gradients_reach_every_parameter():
    transformer = MODELS.build(TINY)
    transformer(torch.randn(2, 6, 3, 4)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in transformer.parameters())
