import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dpmesh_plugin.converters.official_checkpoint import dpmesh_to_official
from dpmesh_plugin.registry import MODELS

TRANSFORMER = {'num_layers': 1, 'num_heads': 2, 'feedforward_channels': 32}
SMALL_MODEL = {
    'type': 'MeshEstimator',
    'backbone': {
        'type': 'DiffusionPriorBackbone',
        'unet': {
            'block_out_channels': (8, 16, 32, 32),
            'norm_num_groups': 4,
            'cross_attention_dim': 24,
        },
        'vae': {'block_out_channels': (8, 16, 32, 32), 'norm_num_groups': 4},
        'controlnet': {},
        'lora': {'rank': 2},
    },
    'neck': {'type': 'KeypointConditionNeck', 'out_channels': 16},
    'head': {
        'type': 'SMPLTokenHead',
        'body_model': {'type': 'SMPL'},
        'pose_decoder': {'type': 'VPoserDecoder', 'latent_dim': 4, 'hidden_dim': 8},
        'volume': {'type': 'FeatureVolume', 'channels': 16, **TRANSFORMER},
        'image_transformer': {'type': 'ImageTransformer', 'channels': 16, **TRANSFORMER},
        'decoder': {'type': 'TokenDecoder', 'channels': 16, **TRANSFORMER, 'num_layers': 2},
    },
}


@pytest.fixture(scope='session')
def model_config() -> dict:
    """The published design at a small size."""
    return SMALL_MODEL


@pytest.fixture(scope='session')
def model(model_config) -> nn.Module:
    torch.manual_seed(0)
    model = MODELS.build(model_config)
    for parameter in model.parameters():
        if parameter.abs().max() == 0:
            nn.init.normal_(parameter)
    return model


@pytest.fixture
def official(model) -> dict[str, Tensor]:
    """What the release would store of this model, without what has no counterpart."""
    state = dpmesh_to_official(model.state_dict())
    del state['awl.params']
    return state


@pytest.fixture
def config_file(model_config, tmp_path) -> Path:
    path = tmp_path / 'small.py'
    path.write_text(f'model = {json.loads(json.dumps(model_config))!r}\n')
    return path
