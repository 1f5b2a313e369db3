import pytest
import torch

from dpmesh_plugin.converters.diffusion_folder import write_diffusion_folder
from dpmesh_plugin.converters.stable_diffusion import (
    read_stable_diffusion,
    stable_diffusion_to_dpmesh,
)
from dpmesh_plugin.registry import MODELS

SETTINGS = {
    'unet': {
        'block_out_channels': (8, 16),
        'layers_per_block': 1,
        'cross_attention_dim': 8,
        'attention_head_dim': 2,
        'norm_num_groups': 4,
    },
    'vae': {'block_out_channels': (4, 4, 8), 'layers_per_block': 1, 'norm_num_groups': 4},
    'image_range': (-1.0, 1.0),
    'latent_scale': 0.5,
}


class Holder(torch.nn.Module):
    """Gives the names of the backbone their prefix."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone


@pytest.fixture
def pretrained():
    torch.manual_seed(0)
    model = MODELS.build({'type': 'DiffusionPretrainer', 'autoencoder_steps': 1, **SETTINGS})
    for each in model.parameters():
        torch.nn.init.normal_(each, std=0.2)
    model.latent_mean.copy_(torch.tensor([0.5, -1.0, 2.0, 0.1]))
    model.latent_variance.copy_(torch.tensor([4.0, 0.25, 1.0, 9.0]))
    return model


@pytest.mark.parametrize('lora', [None, {'rank': 2}])
def test_the_backbone_sees_what_the_denoiser_was_trained_on(pretrained, tmp_path, lora):
    write_diffusion_folder(pretrained, tmp_path)
    options = {'controlnet': {}, 'lora': lora, 'attention_strides': (4,), **SETTINGS}
    trainable = ('lora',) if lora else ('controlnet',)
    backbone = MODELS.build({'type': 'DiffusionPriorBackbone', 'trainable': trainable, **options})
    source = read_stable_diffusion(tmp_path, tmp_path / 'controlnet')
    state, coverage = stable_diffusion_to_dpmesh(source, Holder(backbone).state_dict())
    coverage.check('the folder')
    Holder(backbone).load_state_dict(state)
    images = torch.rand(2, 3, 16, 16)
    latent = backbone.scale_latent(backbone.encode_image(images))
    torch.testing.assert_close(
        latent, pretrained.normalized_latents(2 * images - 1), atol=1e-4, rtol=1e-4
    )
    name = 'mid_block.attentions.0.transformer_blocks.0.attn2.to_k'
    layer = backbone.unet.get_submodule(name)
    expected = pretrained.unet.get_submodule(name).weight
    torch.testing.assert_close((layer.base_layer if lora else layer).weight, expected)
    torch.testing.assert_close(backbone.controlnet.conv_in.weight, pretrained.unet.conv_in.weight)
    assert not backbone.controlnet.controlnet_mid_block.weight.any()


def test_the_folded_autoencoder_gives_the_same_images_back(pretrained, tmp_path):
    from diffusers import AutoencoderKL

    write_diffusion_folder(pretrained, tmp_path)
    folded = AutoencoderKL.from_pretrained(tmp_path / 'vae')
    images = torch.rand(1, 3, 16, 16)
    given_back = folded.decode(folded.encode(images).latent_dist.mode()).sample
    expected = pretrained.vae.decode(pretrained.vae.encode(images).latent_dist.mode()).sample
    torch.testing.assert_close(given_back, expected, atol=1e-3, rtol=1e-3)
    old, new = (vae.encode(images).latent_dist.std for vae in (pretrained.vae, folded))
    scale = (0.5 * pretrained.latent_std)[:, None, None]
    torch.testing.assert_close(new, old / scale, atol=1e-4, rtol=1e-4)
