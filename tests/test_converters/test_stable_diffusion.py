import pytest
import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel

from dpmesh_plugin.converters.official_names import CONTROL_HEATMAPS, DIFFUSION
from dpmesh_plugin.converters.stable_diffusion import (
    read_stable_diffusion,
    stable_diffusion_to_dpmesh,
)
from dpmesh_plugin.converters.weight_files import write_weights

ATTENTION = 'encoder.mid_block.attentions.0.'
KEPT = ('.lora_', 'controlnet_cond_embedding')


@pytest.fixture(scope='module')
def pipeline(model_config, tmp_path_factory):
    """Folders as diffusers writes them, of a Stable Diffusion and a ControlNet at small size."""
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp('sd')
    sizes = model_config['backbone']['unet']
    UNet2DConditionModel(**sizes).save_pretrained(folder / 'unet')
    hints = {'conditioning_embedding_out_channels': (4, 4)}
    ControlNetModel(**sizes, **hints).save_pretrained(folder / 'controlnet')
    blocks = {'down_block_types': ('DownEncoderBlock2D',) * 4}
    blocks['up_block_types'] = ('UpDecoderBlock2D',) * 4
    vae = AutoencoderKL(**model_config['backbone']['vae'], **blocks, layers_per_block=2)
    vae.save_pretrained(folder / 'vae', safe_serialization=False)
    return folder


@pytest.fixture
def ldm_file(official, tmp_path):
    """One file with everything, as the published ControlNets are."""
    state = {
        name.removeprefix(DIFFUSION).replace('.linear.', '.'): tensor
        for name, tensor in official.items()
        if name.startswith(DIFFUSION) and '.lora_' not in name
    }
    first = 'control_model.input_blocks.0.0.weight'
    state[first] = state[first][:, :4].contiguous()
    state['control_model.input_hint_block.0.weight'] = torch.zeros(3)
    state['cond_stage_model.transformer.text_model.bias'] = torch.zeros(3)
    state['model_ema.decay'] = torch.zeros(())
    write_weights(state, tmp_path / 'control_sd15.pth')
    return tmp_path / 'control_sd15.pth'


def test_diffusers_folders(model, pipeline):
    source = read_stable_diffusion(pipeline, pipeline / 'controlnet')
    expected = model.state_dict()
    state, coverage = stable_diffusion_to_dpmesh(source, expected)
    coverage.check('the folder')
    unet = UNet2DConditionModel.from_pretrained(pipeline / 'unet').state_dict()
    name = 'mid_block.attentions.0.transformer_blocks.0.attn2.to_k'
    ours = state[f'backbone.unet.{name}.base_layer.weight']
    assert torch.equal(ours, unet[f'{name}.weight'])
    changed = {name for name in expected if not torch.equal(state[name], expected[name])}
    assert all(name.startswith('backbone.') for name in changed)
    assert not [name for name in changed if any(part in name for part in KEPT)]
    assert CONTROL_HEATMAPS in coverage.kept
    assert any(reason.startswith('image decoder') for reason in coverage.unused)


def test_ldm_file(model, ldm_file):
    expected = model.state_dict()
    source = read_stable_diffusion(ldm_file, None)
    state, coverage = stable_diffusion_to_dpmesh(source, expected)
    coverage.check('the file')
    assert all(torch.equal(state[name], expected[name]) for name in expected)
    assert sorted(reason.split(':')[0] for reason in coverage.unused) == [
        'hint encoder',
        'running average',
        'text encoder',
    ]


def test_folder_with_the_control_branch_of_an_ldm_file(model, pipeline, ldm_file):
    expected = model.state_dict()
    source = read_stable_diffusion(pipeline, ldm_file)
    state, coverage = stable_diffusion_to_dpmesh(source, expected)
    coverage.check('the folder')
    for part, comes_from_the_file in (('controlnet', True), ('vae', False)):
        name = f'backbone.{part}.{"" if part == "controlnet" else "encoder."}conv_in.bias'
        assert torch.equal(state[name], expected[name]) == comes_from_the_file


def test_old_names_of_the_autoencoder(model, pipeline, tmp_path):
    source = read_stable_diffusion(pipeline, pipeline / 'controlnet')
    vae = torch.load(pipeline / 'vae/diffusion_pytorch_model.bin')
    for new, old in (
        ('to_q', 'query'),
        ('to_k', 'key'),
        ('to_v', 'value'),
        ('to_out.0', 'proj_attn'),
    ):
        for kind in ('weight', 'bias'):
            vae[f'{ATTENTION}{old}.{kind}'] = vae.pop(f'{ATTENTION}{new}.{kind}')
    for part in ('unet', 'controlnet'):
        (tmp_path / part).symlink_to(pipeline / part)
    (tmp_path / 'vae').mkdir()
    torch.save(vae, tmp_path / 'vae/diffusion_pytorch_model.bin')
    renamed = read_stable_diffusion(tmp_path, tmp_path / 'controlnet')
    for name in (f'backbone.vae.{ATTENTION}to_q.weight', f'backbone.vae.{ATTENTION}to_out.0.bias'):
        assert torch.equal(renamed[name], source[name])


def test_half_precision_is_widened(model, ldm_file):
    source = read_stable_diffusion(ldm_file, None)
    halves = {name: tensor.half() for name, tensor in source.items()}
    state, _ = stable_diffusion_to_dpmesh(halves, model.state_dict())
    assert {tensor.dtype for tensor in state.values()} == {torch.float32, torch.uint8}


def test_bad_input(model, pipeline, tmp_path):
    with pytest.raises(FileNotFoundError, match='expected one of diffusion_pytorch_model.safet'):
        read_stable_diffusion(tmp_path, None)
    write_weights({'a': torch.zeros(1)}, tmp_path / 'a.safetensors')
    with pytest.raises(ValueError, match='holds no Stable Diffusion: expected names that start'):
        read_stable_diffusion(tmp_path / 'a.safetensors', None)
    source = read_stable_diffusion(pipeline, None)
    _, coverage = stable_diffusion_to_dpmesh(source, model.state_dict())
    with pytest.raises(ValueError, match='tensors are missing'):
        coverage.check('the folder without a ControlNet')
