import pytest
import torch
from diffusers.loaders import single_file_utils

from dpmesh_plugin.converters.ldm_names import unet_to_ldm, vae_to_ldm
from dpmesh_plugin.registry import MODELS

LAYERS = {'layers_per_block': 2}
VAE_BLOCKS = {'down_block_types': ('',) * 4, 'up_block_types': ('',) * 4}


@pytest.fixture(scope='module')
def backbone():
    with torch.device('meta'):
        return MODELS.build(
            {
                'type': 'DiffusionPriorBackbone',
                'unet': {},
                'vae': {},
                'controlnet': {},
                'lora': None,
                'trainable': (),
            }
        )


@pytest.mark.parametrize(
    ('part', 'prefix', 'convert'),
    [
        ('unet', 'model.diffusion_model.', single_file_utils.convert_ldm_unet_checkpoint),
        ('controlnet', 'control_model.', single_file_utils.convert_controlnet_checkpoint),
        ('vae', 'first_stage_model.', single_file_utils.convert_ldm_vae_checkpoint),
    ],
)
def test_table_agrees_with_that_of_diffusers(backbone, part, prefix, convert):
    names = [name for name in backbone.get_submodule(part).state_dict() if 'cond_emb' not in name]
    ldm = [vae_to_ldm(name) if part == 'vae' else unet_to_ldm(name, 2) for name in names]
    assert len(set(ldm)) == len(names)
    # The converter of diffusers carries numbers in the place of weights.
    numbered = {prefix + name: torch.tensor(i) for i, name in enumerate(ldm)}
    converted = convert(numbered, VAE_BLOCKS if part == 'vae' else LAYERS)
    theirs = {name: int(number) for name, number in converted.items() if number is not None}
    assert theirs == {name: i for i, name in enumerate(names)}


def test_by_hand():
    assert unet_to_ldm('down_blocks.1.attentions.0.norm.bias', 2) == 'input_blocks.4.1.norm.bias'
    assert unet_to_ldm('up_blocks.0.upsamplers.0.conv.bias', 1) == 'output_blocks.1.1.conv.bias'
    assert (
        vae_to_ldm('encoder.down_blocks.1.resnets.0.conv_shortcut.bias')
        == 'encoder.down.1.block.0.nin_shortcut.bias'
    )


def test_unknown_layers():
    with pytest.raises(KeyError, match=r"'conv_out\.weight' has no counterpart in an LDM"):
        unet_to_ldm('conv_out.weight', 2)
    with pytest.raises(KeyError, match='of a VAE encoder'):
        vae_to_ldm('decoder.conv_in.weight')
