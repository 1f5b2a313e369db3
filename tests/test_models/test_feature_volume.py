import torch

from dpmesh_plugin.models.heads import FeatureVolume
from dpmesh_plugin.registry import MODELS

TINY = {
    'type': 'FeatureVolume',
    'in_channels': 6,
    'channels': 8,
    'size': (2, 3, 4),
    'num_layers': 1,
    'num_heads': 2,
    'feedforward_channels': 16,
}


def test_builds_and_keeps_the_order_of_axes():
    volume = MODELS.build(TINY).eval()
    assert isinstance(volume, FeatureVolume)
    assert volume(torch.randn(2, 6, 3, 4)).shape == (2, 8, 2, 3, 4)


def test_a_feature_cell_fills_its_column_of_depth_cells():
    """Without attention a cell of the image reaches only the volume cells in front of it."""
    volume = MODELS.build({**TINY, 'num_layers': 0})
    feature = torch.zeros(1, 6, 3, 4)
    changed = feature.clone()
    changed[0, :, 1, 2] = 1
    difference = (volume(changed) - volume(feature)).abs().amax(dim=(0, 1))
    assert (difference[:, 1, 2] > 0).all()
    difference[:, 1, 2] = 0
    assert difference.max() == 0


def test_exponent_stays_in_range():
    volume = MODELS.build(TINY)
    assert volume.depth_exponent.item() == 3
    with torch.no_grad():
        volume.exponent.fill_(0.5)
    assert volume.depth_exponent.item() == 1


def test_gradients_reach_every_parameter():
    volume = MODELS.build(TINY)
    volume(torch.randn(2, 6, 3, 4)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in volume.parameters())
    assert volume.exponent.grad != 0
