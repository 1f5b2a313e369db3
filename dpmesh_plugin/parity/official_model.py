"""The model a manifest describes, with the weights of the fill rule."""

import re
from collections.abc import Mapping
from math import isqrt, prod

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.converters import fill_value, official_to_dpmesh
from dpmesh_plugin.converters.model_state import build_skeleton
from dpmesh_plugin.converters.official_head_keys import SNAPSHOT_ONLY
from dpmesh_plugin.converters.official_names import CONTROL_INPUT, UNET, VAE, unused_reason

from .parity_set import ParitySet
from .rows import Report

# With a salt the manifest's columns may still be those without: checked on parameters up to this.
PROBE_VALUES = 4096
SUM_LIMIT = 1e-9

# Switches of every part that the recorded numbers depend on, as the release has them: also those
# that are the default. docs/quirks.md lists them; configs/_base_/models/dpmesh_official_compat.py
# sets the same.
OFFICIAL_SWITCHES = {
    'backbone': {'timestep': 1, 'image_range': (0.0, 1.0), 'latent_scale': 1.0},
    'neck': {'mask_tokens': False},
    'head': {'focal_source': 'first'},
    'image_transformer': {'frequency_ladder': False},
}

Shapes = Mapping[str, tuple[int, ...]]


def model_config(shapes: Shapes, body_model: nn.Module) -> dict:
    """Config of the published design with the sizes of a manifest.

    Heads and normalisation groups leave no trace in shapes; they are the published ones. Switches
    are those of ``OFFICIAL_SWITCHES``.

    Args:
        shapes: Shapes by canonical official name.
        body_model: The body.

    Raises:
        KeyError: a parameter that tells a size is missing.
    """
    shapes = _Sizes(shapes)
    latent_channels = shapes[f'{VAE}quant_conv.weight'][0] // 2
    first_down = min(shapes.numbers(rf'{UNET}input_blocks.(\d+).0.op.weight'))
    levels = len(shapes.numbers(rf'{UNET}input_blocks.(\d+).0.op.weight')) + 1
    widths = [
        shapes[f'{UNET}input_blocks.{1 + level * first_down}.0.out_layers.3.weight'][0]
        for level in range(levels)
    ]
    vae_levels = shapes.numbers(rf'{VAE}encoder.down.(\d+).block.0.conv2.weight')
    channels = shapes['conv_3d_coord.0.weight'][0]
    depth = shapes['conv2d_to_3d.weight'][0] // channels
    cells = prod(shapes['pos_embed_1d.pos_table']) // channels
    side = isqrt(cells // depth)
    block = f'{UNET}input_blocks.1.1.transformer_blocks.0.attn2.to_k.'
    token_dim = shapes[f'{block}linear.weight'][1]
    return {
        'type': 'MeshEstimator',
        'backbone': {
            'type': 'DiffusionPriorBackbone',
            **OFFICIAL_SWITCHES['backbone'],
            'unet': {
                'block_out_channels': widths,
                'layers_per_block': first_down - 1,
                'cross_attention_dim': token_dim,
            },
            'vae': {
                'block_out_channels': [
                    shapes[f'{VAE}encoder.down.{level}.block.0.conv2.weight'][0]
                    for level in vae_levels
                ],
                'layers_per_block': len(
                    shapes.numbers(rf'{VAE}encoder.down.0.block.(\d+).conv2.weight')
                ),
                'latent_channels': latent_channels,
            },
            'controlnet': {'conditioning_channels': shapes[CONTROL_INPUT][1] - latent_channels},
            'lora': {'rank': shapes[f'{block}lora_down.weight'][0]},
        },
        'neck': {
            'type': 'KeypointConditionNeck',
            **OFFICIAL_SWITCHES['neck'],
            'out_channels': shapes['backbone.outmodules.2.0.weight'][0],
        },
        'head': _head_config(shapes, channels, (depth, side, side)) | {'body_model': body_model},
    }


def _head_config(shapes: '_Sizes', channels: int, volume_size: tuple[int, int, int]) -> dict:
    def transformer(kind: str, name: str) -> dict:
        layers = f'{name}.layers'
        return {
            'type': kind,
            'num_layers': len(shapes.numbers(rf'{layers}.(\d+).linear1.weight')),
            'feedforward_channels': shapes[f'{layers}.0.linear1.weight'][0],
        }

    hidden, latent = shapes['vposer.vposer.bodyprior_dec_fc1.weight']
    return {
        'type': 'SMPLTokenHead',
        'pose_decoder': {'type': 'VPoserDecoder', 'latent_dim': latent, 'hidden_dim': hidden},
        'volume': {
            **transformer('FeatureVolume', 'refine_3d'),
            'channels': channels,
            'size': volume_size,
        },
        'image_transformer': {
            **transformer('ImageTransformer', 'transformer.encoder'),
            **OFFICIAL_SWITCHES['image_transformer'],
        },
        'decoder': transformer('TokenDecoder', 'transformer.decoder'),
        **OFFICIAL_SWITCHES['head'],
    }


class _Sizes(dict):
    """Shapes by name, with a helpful error and the numbers in names."""

    def __missing__(self, name: str) -> tuple[int, ...]:
        raise KeyError(
            f'the manifest has no parameter {name!r}, which tells a size of the model: it is not '
            'that of a DPMesh release'
        )

    def numbers(self, pattern: str) -> list[int]:
        """Numbers that the group of a pattern takes in the names, ascending."""
        pattern = pattern.replace('.', r'\.')
        found = sorted({int(match[1]) for name in self if (match := re.fullmatch(pattern, name))})
        if not found:
            raise KeyError(f'the manifest has no parameter like {pattern!r}')
        return found


def build_model(parity: ParitySet, report: Report) -> nn.Module:
    """The model of a set in eval mode, filled; the fill is compared with the manifest.

    Args:
        parity: The set.
        report: Gets the rows of the manifest's check.
    """
    model = build_skeleton(model_config(parity.shapes, parity.body()))
    official = fill_state(parity, report)
    for name in SNAPSHOT_ONLY:
        shape = model.head.objective.weighting.params.shape
        official[name] = torch.from_numpy(fill_value(name, shape, parity.salt))
    state, coverage = official_to_dpmesh(official, model.state_dict())
    coverage.check(f'the manifest of {parity.folder.absolute()}')
    model.load_state_dict(state, strict=True, assign=True)
    return model.eval()


def fill_state(parity: ParitySet, report: Report) -> dict[str, Tensor]:
    """The filled tensors that the model reads, by canonical official name."""
    rows = [row for row in parity.manifest['keys'] if row['filled'] and row['alias_of'] is None]
    with_salt = _columns_have_salt(rows, parity.salt)
    checked_salt = parity.salt if with_salt else ''
    state, errors = {}, {'first': [0.0], 'sum': [0.0]}
    for row in rows:
        name, shape = row['key'], row['shape']
        unused = unused_reason(name) is not None
        value = fill_value(name, shape, parity.salt)
        columns = value
        if checked_salt != parity.salt:
            columns = fill_value(name, shape) if prod(shape) <= PROBE_VALUES else None
        if columns is not None and 'sum' in row:
            errors['first'].append(abs(float(columns.flat[0]) - row['first']))
            total = columns.sum(dtype=np.float64)
            spread = np.abs(columns).sum(dtype=np.float64) if columns.size < 1e6 else columns.size
            errors['sum'].append(abs(total - row['sum']) / max(spread, 1.0))
        if not unused:
            state[name] = torch.from_numpy(value)
    count = len(errors['sum']) - 1
    kind = 'with this salt' if with_salt else 'without salt'
    if not count:
        report.notes.append('manifest: no columns first and sum')
        return state
    for column, values in errors.items():
        # Values are float32; the sum is of float64, in another order of addition.
        limit = 0.0 if column == 'first' else SUM_LIMIT
        name = f'manifest/{column} of {count} parameters, {kind}'
        report.add(name, max(values), 0.0, limit, unit='absolute')
    if not with_salt:
        report.notes.append(
            f'manifest: its columns are those without salt; checked on the {count} parameters of '
            f'up to {PROBE_VALUES} values'
        )
    return state


def _columns_have_salt(rows: list[dict], salt: str) -> bool:
    """Whether the columns of the manifest are those of the fill with the salt.

    A set may have been recorded with a salt and still carry the manifest of the set without.
    """
    probe = next((row for row in rows if 'first' in row), None)
    if not salt or probe is None:
        return True
    return float(fill_value(probe['key'], probe['shape'], '').flat[0]) != probe['first']
