import pytest
import torch
from torch.nn import functional

from dpmesh_plugin.models.pretraining.sampling import draw_images
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.utils.config import load_config

CONFIG = {
    'type': 'DiffusionPretrainer',
    'unet': {
        'block_out_channels': (8, 16),
        'layers_per_block': 1,
        'cross_attention_dim': 8,
        'attention_head_dim': 2,
        'norm_num_groups': 4,
    },
    'vae': {
        'block_out_channels': (4, 4, 8),
        'layers_per_block': 1,
        'latent_channels': 3,
        'norm_num_groups': 4,
    },
    'autoencoder_steps': 2,
}


@pytest.fixture
def model() -> torch.nn.Module:
    torch.manual_seed(0)
    return MODELS.build(CONFIG)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def _trained_by(losses, model):
    model.zero_grad()
    sum(losses.values()).backward()
    named = {name for name, each in model.named_parameters() if each.grad is not None}
    return {name.split('.')[0] for name in named}


def test_first_the_autoencoder_then_the_denoiser(model, images):
    for _ in range(2):
        losses = model(images, mode='loss')
        assert list(losses) == ['loss_image', 'loss_kl']
        assert _trained_by(losses, model) == {'vae'}
    mean = model.latent_mean.clone()
    losses = model(images, mode='loss')
    assert list(losses) == ['loss_noise']
    assert _trained_by(losses, model) == {'unet', 'prompt'}
    assert all(each.grad is not None for each in model.unet.parameters())
    assert torch.equal(model.latent_mean, mean)
    assert model.batches == 3


def test_a_look_is_no_batch(model, images):
    model.eval()
    assert list(model(images, mode='loss')) == ['loss_image', 'loss_kl']
    assert model.batches == 0
    assert model(images).shape == images.shape


def test_latents_are_normalized_by_their_statistics(model, images):
    model(images, mode='loss')
    latents = model.normalized_latents(images)
    torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(latents.var((0, 2, 3)), torch.ones(3), atol=1e-4, rtol=0)


def test_the_loss_is_that_of_the_noise(model, images):
    for _ in range(2):
        model(images, mode='loss')
    torch.manual_seed(5)
    loss = model(images, mode='loss')['loss_noise']
    torch.manual_seed(5)
    latents = model.normalized_latents(images)
    noise = torch.randn_like(latents)
    steps = torch.randint(1000, (4,))
    kept = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2, dim=0)
    kept = kept[steps].view(-1, 1, 1, 1)
    noisy = kept.sqrt() * latents + (1 - kept).sqrt() * noise
    predicted = model.predict_noise(noisy, steps)
    torch.testing.assert_close(loss, functional.mse_loss(predicted, noise), atol=1e-5, rtol=1e-5)


def test_both_parts_learn(model, images):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    model.autoencoder_steps = 30
    found = []
    for _ in range(60):
        losses = model(images, mode='loss')
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        found.append(next(iter(losses.values())).item())
    assert found[29] < 0.8 * found[0]
    assert sum(found[-10:]) < 0.9 * sum(found[30:40])


def test_drawn_images(model, images):
    model(images, mode='loss')
    drawn = draw_images(model, 2, 8, steps=3)
    assert drawn.shape == (2, 3, 32, 32)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    torch.testing.assert_close(drawn, draw_images(model, 2, 8, steps=3))


def test_bad_settings_are_refused(model, images):
    with pytest.raises(ValueError, match="expected mode 'loss' or 'tensor', got 'predict'"):
        model(images, mode='predict')
    with pytest.raises(ValueError, match=r'unet got depth; the keys it takes are block_out'):
        MODELS.build({**CONFIG, 'unet': {'depth': 2}})


@pytest.mark.parametrize('name', ['small', 'tiny'])
def test_configs_train_the_diffusion_model_of_the_estimators(name, repo_root):
    prior = load_config(repo_root / f'configs/pretrain/prior_{name}.py').model
    backbone = load_config(repo_root / f'configs/dpmesh_synth_oc_{name}.py').model.backbone
    assert (prior.unet, prior.vae) == (backbone.unet, backbone.vae)
    for entry in ('image_range', 'latent_scale'):
        assert prior.get(entry) == backbone.get(entry)
