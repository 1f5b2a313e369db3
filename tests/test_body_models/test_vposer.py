import zlib

import numpy as np
import pytest
import torch
from mmengine.model import BaseModule

from dpmesh_plugin.body_models.vposer import PUBLISHED_LAYERS, VPoserDecoder
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix, matrix_to_rotation_6d
from dpmesh_plugin.registry import BODY_MODELS


@pytest.fixture
def decoder():
    torch.manual_seed(0)
    return BODY_MODELS.build({'type': 'VPoserDecoder', 'hidden_dim': 16})


def published_fill(key, shape):
    """Made-up weights of the recorded run: see ``converters.fill_rule``."""
    noise = np.random.RandomState(zlib.crc32(key.encode())).randn(*shape).astype(np.float32)
    if key.endswith('dec_out.bias'):
        identity = np.tile(np.array([1, 0, 0, 1, 0, 0], dtype=np.float32), 21)
        return identity + np.float32(0.02) * noise
    if key.endswith('bias'):
        return np.float32(0.02) * noise
    gain = 0.6 if key.endswith('dec_out.weight') else 1
    return np.float32(gain / np.sqrt(shape[1])) * noise


def test_untrained_zero_latent_is_near_rest(decoder):
    pose = decoder(torch.zeros(2, 32))
    assert pose.shape == (2, 23, 3)
    assert pose[:, 21:].abs().max() == 0
    assert 0 < pose.norm(dim=-1).max() < 0.6


def test_bias_alone_gives_its_rotation(decoder):
    axis_angle = torch.tensor([0.6, -0.2, 0.3])
    with torch.no_grad():
        decoder.out.weight.zero_()
        decoder.out.bias[6:12] = matrix_to_rotation_6d(axis_angle_to_matrix(axis_angle))
    pose = decoder(torch.randn(3, 32))
    torch.testing.assert_close(pose[:, 1], axis_angle.expand(3, 3))
    assert pose[:, [0, *range(2, 23)]].abs().max() < 1e-6


def test_frozen_weights_pass_gradients_on(decoder):
    latent = torch.randn(2, 32, requires_grad=True)
    decoder(latent).square().sum().backward()
    assert latent.grad.abs().min() > 0
    assert all(not weight.requires_grad for weight in decoder.parameters())
    trained = BODY_MODELS.build({'type': 'VPoserDecoder', 'frozen': False})
    trained(latent).square().sum().backward()
    assert all(weight.grad.abs().max() > 0 for weight in trained.parameters())


def test_training_mode_changes_nothing(decoder):
    latent = torch.randn(2, 32)
    torch.testing.assert_close(decoder.train()(latent), decoder.eval()(latent))


def test_wrong_latent_is_refused(decoder):
    with pytest.raises(ValueError, match=r'\(B, 32\), got \(2, 64\)'):
        decoder(torch.zeros(2, 64))


def test_parity(shared_dir):
    decoder = BODY_MODELS.build({'type': 'VPoserDecoder'})
    state = {}
    for published, own in PUBLISHED_LAYERS.items():
        for kind in ('weight', 'bias'):
            shape = decoder.state_dict()[f'{own}.{kind}'].shape
            filled = published_fill(f'vposer.vposer.{published}.{kind}', shape)
            state[f'{own}.{kind}'] = torch.from_numpy(filled)
    decoder.load_state_dict(state)
    recorded = np.load(shared_dir / 'parity' / 'tiny' / 'expected.npz', allow_pickle=False)
    pose = decoder(torch.from_numpy(recorded['vposer_latent']))
    expected = torch.from_numpy(recorded['vposer_body_pose']).unflatten(1, (23, 3))
    torch.testing.assert_close(pose, expected, atol=1e-5, rtol=0)


def test_weights_are_loaded_by_the_model_around(tmp_path):
    trained = VPoserDecoder()
    torch.nn.init.normal_(trained.fc1.weight)
    torch.save(trained.state_dict(), tmp_path / 'vposer.pth')
    model = BaseModule()
    model.prior = VPoserDecoder(
        init_cfg={'type': 'Pretrained', 'checkpoint': str(tmp_path / 'vposer.pth')}
    )
    model.init_weights()
    torch.testing.assert_close(model.prior.fc1.weight, trained.fc1.weight)
