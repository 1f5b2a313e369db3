"""Names of the same layers in diffusers and in latent-diffusion (LDM) checkpoints.

The table runs from diffusers to LDM, since the modules here are those of diffusers: the names of a
model then give the whole table, and reading a checkpoint and writing one use the same lines.
"""

import re
from collections.abc import Callable

Rule = tuple[str, str | Callable[[re.Match], str]]

_RESNET_LAYERS = {
    'norm1': 'in_layers.0',
    'conv1': 'in_layers.2',
    'time_emb_proj': 'emb_layers.1',
    'norm2': 'out_layers.0',
    'conv2': 'out_layers.3',
    'conv_shortcut': 'skip_connection',
}
_VAE_ATTENTION = {
    'group_norm': 'norm',
    'to_q': 'q',
    'to_k': 'k',
    'to_v': 'v',
    'to_out.0': 'proj_out',
}


def unet_to_ldm(name: str, layers_per_block: int) -> str:
    """LDM name of a parameter of a UNet or ControlNet.

    Args:
        name: Name in the diffusers module.
        layers_per_block: Residual blocks per level of the encoder.

    Returns:
        Name below ``model.diffusion_model.`` or ``control_model.``. With two layers per block
        ``'down_blocks.1.attentions.0.norm.bias'`` gives ``'input_blocks.4.1.norm.bias'``.

    Raises:
        KeyError: no such layer in an LDM checkpoint.
    """

    def block(match: re.Match) -> int:
        # The layer that changes the resolution counts as the last of its level.
        layer = int(match[2]) if match.re.groups > 1 else layers_per_block
        return int(match[1]) * (layers_per_block + 1) + layer

    def upsampler(match: re.Match) -> str:
        # Behind the residual block, and behind the transformer where the level has one.
        return f'output_blocks.{block(match)}.{2 if int(match[1]) else 1}'

    rules: tuple[Rule, ...] = (
        (r'^conv_in\.', 'input_blocks.0.0.'),
        (r'^time_embedding\.linear_1\.', 'time_embed.0.'),
        (r'^time_embedding\.linear_2\.', 'time_embed.2.'),
        (r'^down_blocks\.(\d+)\.downsamplers\.0\.conv', _input_block(block, '0.op')),
        (r'^down_blocks\.(\d+)\.resnets\.(\d+)', _input_block(block, '0')),
        (r'^down_blocks\.(\d+)\.attentions\.(\d+)', _input_block(block, '1')),
        (r'^mid_block\.resnets\.(\d+)', lambda match: f'middle_block.{2 * int(match[1])}'),
        (r'^mid_block\.attentions\.0', 'middle_block.1'),
        (r'^up_blocks\.(\d+)\.upsamplers\.0', upsampler),
        (r'^up_blocks\.(\d+)\.resnets\.(\d+)', lambda match: f'output_blocks.{block(match)}.0'),
        (r'^up_blocks\.(\d+)\.attentions\.(\d+)', lambda match: f'output_blocks.{block(match)}.1'),
        (r'^controlnet_down_blocks\.(\d+)\.', r'zero_convs.\1.0.'),
        (r'^controlnet_mid_block\.', 'middle_block_out.0.'),
    )
    renamed = _first(rules, name, 'UNet or ControlNet')
    if '.resnets.' not in name:
        return renamed
    stem, layer, kind = renamed.rsplit('.', 2)
    return f'{stem}.{_RESNET_LAYERS[layer]}.{kind}'


def vae_to_ldm(name: str) -> str:
    """LDM name of a parameter of the autoencoder's encoder half.

    Args:
        name: Name in diffusers' ``AutoencoderKL``.

    Returns:
        Name below ``first_stage_model.``. The attention's projections are 1x1 convolutions there.

    Raises:
        KeyError: no such layer in an LDM checkpoint.
    """
    rules: tuple[Rule, ...] = (
        (r'^quant_conv\.', 'quant_conv.'),
        (r'^encoder\.conv_(in|out)\.', r'encoder.conv_\1.'),
        (r'^encoder\.conv_norm_out\.', 'encoder.norm_out.'),
        (
            r'^encoder\.down_blocks\.(\d+)\.downsamplers\.0\.conv\.',
            r'encoder.down.\1.downsample.conv.',
        ),
        (r'^encoder\.down_blocks\.(\d+)\.resnets\.(\d+)\.', r'encoder.down.\1.block.\2.'),
        (
            r'^encoder\.mid_block\.resnets\.(\d+)\.',
            lambda m: f'encoder.mid.block_{int(m[1]) + 1}.',
        ),
        (
            rf'^encoder\.mid_block\.attentions\.0\.({"|".join(_VAE_ATTENTION)})\.',
            lambda m: f'encoder.mid.attn_1.{_VAE_ATTENTION[m[1]]}.',
        ),
    )
    return _first(rules, name, 'VAE encoder').replace('conv_shortcut', 'nin_shortcut')


def _input_block(block: Callable[[re.Match], int], part: str) -> Callable[[re.Match], str]:
    """The encoder's blocks count from 1: the first convolution is number 0."""
    return lambda match: f'input_blocks.{1 + block(match)}.{part}'


def _first(rules: tuple[Rule, ...], name: str, where: str) -> str:
    """Apply the first rule that matches."""
    for pattern, replacement in rules:
        renamed, count = re.subn(pattern, replacement, name)
        if count:
            return renamed
    raise KeyError(f'{name!r} has no counterpart in an LDM checkpoint of a {where}')
