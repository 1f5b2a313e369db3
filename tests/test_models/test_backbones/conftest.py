import pytest
import torch

from dpmesh_plugin.structures import Condition

SMALL = {
    'type': 'DiffusionPriorBackbone',
    'unet': {'block_out_channels': (8, 8, 16, 16), 'norm_num_groups': 4, 'cross_attention_dim': 24},
    'vae': {'block_out_channels': (8, 8, 8, 16), 'norm_num_groups': 4},
    'controlnet': {'conditioning_channels': 5},
    'lora': {'rank': 2},
}


@pytest.fixture
def small_config():
    """A backbone of the published design that reads 64 px crops and five keypoints."""
    return {**SMALL}


@pytest.fixture(scope='session')
def images():
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope='session')
def condition():
    generator = torch.Generator().manual_seed(1)
    heatmaps = torch.rand(2, 5, 8, 8, generator=generator)
    return Condition(heatmaps, torch.randn(2, 5, 24, generator=generator), torch.ones(2, 5))
