import pytest
import torch
from diffusers import ControlNetModel, UNet2DConditionModel

from dpmesh_plugin.models.backbones.unet_stages import (
    attend,
    decoder_stage,
    encoder_stage,
    middle_stage,
    time_embedding,
)

SIZES = {
    'block_out_channels': (8, 16, 16),
    'layers_per_block': 1,
    'cross_attention_dim': 12,
    'attention_head_dim': 4,
    'norm_num_groups': 4,
    'down_block_types': ('CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'),
}


@pytest.fixture(scope='module')
def unet():
    torch.manual_seed(0)
    up_blocks = ('UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D')
    return UNet2DConditionModel(up_block_types=up_blocks, **SIZES).eval()


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(1)
    latent = torch.randn(2, 4, 16, 16, generator=generator)
    return latent, torch.randn(2, 5, 12, generator=generator)


@torch.no_grad()
def test_stages_equal_the_forward_of_diffusers(unet, inputs):
    latent, tokens = inputs
    time = time_embedding(unet, 1, latent)
    skips, _ = encoder_stage(unet, unet.conv_in(latent), time, tokens)
    states = middle_stage(unet, skips[-1], time, tokens)
    taps, outputs, _ = decoder_stage(unet, states, skips, time, tokens)
    ours = unet.conv_out(unet.conv_act(unet.conv_norm_out(outputs[-1])))
    torch.testing.assert_close(ours, unet(latent, 1, tokens).sample, atol=1e-5, rtol=1e-5)
    assert [tuple(tap.shape) for tap in taps] == [(2, 8, 16, 16), (2, 16, 8, 8), (2, 16, 4, 4)]


@torch.no_grad()
def test_encoder_of_a_control_branch(inputs):
    latent, tokens = inputs
    torch.manual_seed(0)
    branch = ControlNetModel(**SIZES, conditioning_embedding_out_channels=(4, 4)).eval()
    hint = torch.rand(2, 3, 32, 32)
    for layer in [*branch.controlnet_down_blocks, branch.controlnet_mid_block]:
        torch.nn.init.normal_(layer.weight)
    expected = branch(latent, 1, tokens, hint, return_dict=False)
    time = time_embedding(branch, 1, latent)
    states = branch.conv_in(latent) + branch.controlnet_cond_embedding(hint)
    outputs, _ = encoder_stage(branch, states, time, tokens)
    middle = middle_stage(branch, outputs[-1], time, tokens)
    ours = [layer(x) for layer, x in zip(branch.controlnet_down_blocks, outputs, strict=True)]
    torch.testing.assert_close(ours, list(expected[0]), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(branch.controlnet_mid_block(middle), expected[1])


@torch.no_grad()
def test_maps_of_the_chosen_level_only(unet, inputs):
    latent, tokens = inputs
    time = time_embedding(unet, 1, latent)
    skips, encoder_maps = encoder_stage(unet, unet.conv_in(latent), time, tokens, (1,))
    states = middle_stage(unet, skips[-1], time, tokens)
    _, _, decoder_maps = decoder_stage(unet, states, skips, time, tokens, (1,))
    assert [len(encoder_maps[1]), len(decoder_maps[1])] == [1, 2]
    maps = torch.stack([*encoder_maps[1], *decoder_maps[1]])
    assert maps.shape == (3, 2, 5, 8, 8)
    # Every cell shares its attention out among the tokens.
    torch.testing.assert_close(maps.sum(dim=2), torch.ones(3, 2, 8, 8))


def test_weights_do_not_change_the_result_and_carry_a_gradient(unet):
    attention = unet.mid_block.attentions[0].transformer_blocks[0].attn2
    queries = torch.randn(2, 7, 16, requires_grad=True)
    context = torch.randn(2, 5, 12)
    fused, none = attend(attention, queries, context)
    explicit, weights = attend(attention, queries, context, return_weights=True)
    torch.testing.assert_close(fused, explicit, atol=1e-6, rtol=1e-5)
    assert none is None
    assert weights.shape == (2, 7, 5)
    (gradient,) = torch.autograd.grad(weights.square().sum(), queries)
    assert gradient.abs().max() > 0


def _loss(model, latent, tokens):
    time = time_embedding(model, 1, latent)
    skips, maps = encoder_stage(model, model.conv_in(latent), time, tokens, (1,))
    states = middle_stage(model, skips[-1], time, tokens)
    taps, _, _ = decoder_stage(model, states, skips, time, tokens)
    return sum(each.square().mean() for each in (*taps, *maps[1]))


def test_gradient_checkpointing_keeps_less_and_changes_nothing(unet, inputs):
    gradients, kept = [], []
    for checkpointing in (False, True):
        (unet.enable_gradient_checkpointing if checkpointing else lambda: None)()
        sizes = {}

        def keep(tensor, sizes=sizes):
            sizes[tensor.data_ptr()] = tensor.nbytes
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            loss = _loss(unet, *inputs)
        kept.append(sum(sizes.values()))
        gradients.append(torch.autograd.grad(loss, list(unet.parameters()), allow_unused=True))
    unet.disable_gradient_checkpointing()
    assert kept[1] < 0.6 * kept[0]
    for plain, recomputed in zip(*gradients, strict=True):
        torch.testing.assert_close(recomputed, plain, rtol=1e-5, atol=1e-7)
