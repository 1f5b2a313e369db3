"""Start values of the image prior from public Stable Diffusion and ControlNet weights."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from .coverage import Coverage, collect
from .official_names import (
    CONTROL_HEATMAPS,
    DIFFUSION,
    count_layers_per_block,
    official_name,
    unused_reason,
)
from .weight_files import read_weights

PREFIX = 'backbone.'
# Parts of the backbone and their folder in a diffusers pipeline.
FOLDERS = ('unet', 'vae')
FILE_NAMES = tuple(
    f'diffusion_pytorch_model{precision}.{kind}'
    for kind in ('safetensors', 'bin')
    for precision in ('', '.fp16')
)
LDM_CONTROL = 'control_model.'
LDM_MARKS = ('model.diffusion_model.', LDM_CONTROL, 'first_stage_model.')
# An older diffusers called the projections of the autoencoder's attention otherwise.
_OLD_ATTENTION = {'query': 'to_q', 'key': 'to_k', 'value': 'to_v', 'proj_attn': 'to_out.0'}
_UNUSED = (
    (r'(^|\.)model_ema\.', 'running average: the weights themselves are read'),
    (r'\.input_hint_block\.|controlnet\.controlnet_cond_embedding\.', 'hint encoder: the heatmaps '
     'enter through a convolution of their own'),
    (r'^backbone\.vae\.(decoder|post_quant_conv)\.', 'image decoder: never executed'),
    (r'^backbone\.unet\.conv_(norm_)?out\.', 'noise prediction: never executed'),
    (r'text_model\.|^backbone\.sd_model\.cond_stage_model\.', 'text encoder: keypoint tokens '
     'replace the text'),
)  # fmt: skip


def read_stable_diffusion(path: str | Path, controlnet: str | Path | None) -> dict[str, Tensor]:
    """Gather the tensors of Stable Diffusion and of a ControlNet.

    Args:
        path: A diffusers pipeline folder, or an LDM file (``.ckpt``, ``.pth``, ``.safetensors``).
        controlnet: A diffusers ControlNet folder, or an LDM or diffusers file. None: ``path`` holds
            it too, or the model has no control branch.

    Returns:
        Tensors by names below ``backbone.``: those of diffusers, or those of LDM below
        ``backbone.sd_model.``, as the official release has them.

    Raises:
        FileNotFoundError: a path or a folder's weight file does not exist.
        ValueError: a file that is neither of the kinds.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        tensors = {}
        for part in FOLDERS:
            tensors |= _in_part(part, read_weights(_weight_file(path / part)))
    else:
        tensors = _read_ldm(path)
    if controlnet is None:
        return tensors
    controlnet = Path(controlnet).expanduser()
    branch = read_weights(_weight_file(controlnet) if controlnet.is_dir() else controlnet)
    branch = branch.get('state_dict', branch)
    if any(name.startswith('control_model.') for name in branch):
        branch = {
            name: value for name, value in branch.items() if name.startswith('control_model.')
        }
        return tensors | {DIFFUSION + name: value for name, value in branch.items()}
    return tensors | _in_part('controlnet', branch)


def stable_diffusion_to_dpmesh(
    source: Mapping[str, Tensor], expected: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], Coverage]:
    """Convert to the names of a model.

    Args:
        source: See :func:`read_stable_diffusion`.
        expected: State dict of the model. Adapters, heatmap convolution, neck and head keep its
            values.

    Returns:
        The state dict, complete if the account's ``check`` passes, and the account.
    """
    layers_per_block = count_layers_per_block(expected)

    def name_of(name: str) -> str | None:
        if '.lora_' in name or name == CONTROL_HEATMAPS or not name.startswith(PREFIX):
            return None
        plain = name.replace('.base_layer.', '.')
        return plain if plain in source else official_name(plain, layers_per_block)

    def reason_of(name: str) -> str | None:
        listed = (reason for pattern, reason in _UNUSED if re.search(pattern, name))
        return next(listed, None) or unused_reason(name)

    def take(name: str, tensor: Tensor) -> Tensor:
        is_attention = name.startswith('backbone.vae.encoder.mid_block.attentions.')
        return tensor.flatten(1) if is_attention and tensor.ndim == 4 else tensor

    return collect(expected, source, name_of=name_of, reason_of=reason_of, take=take)


def _in_part(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of a diffusers file below the backbone."""
    renamed = {}
    for name, tensor in tensors.items():
        *stem, layer, kind = name.split('.')
        if 'mid_block.attentions' in name:
            layer = _OLD_ATTENTION.get(layer, layer)
        renamed['.'.join([f'{PREFIX}{part}', *stem, layer, kind])] = tensor
    return renamed


def _read_ldm(path: Path) -> dict[str, Tensor]:
    content = read_weights(path)
    content = content.get('state_dict', content)
    if not any(name.startswith(LDM_MARKS) for name in content):
        raise ValueError(
            f'{path.absolute()} holds no Stable Diffusion: expected names that start with '
            f'{", ".join(LDM_MARKS)}, found {", ".join(list(content)[:3])}'
        )
    return {DIFFUSION + name: value for name, value in content.items() if isinstance(value, Tensor)}


def _weight_file(folder: Path) -> Path:
    """The weight file of a diffusers folder, full precision first."""
    for name in FILE_NAMES:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(
        f'expected one of {", ".join(FILE_NAMES)} in {folder.absolute()}, found none: this is no '
        'complete diffusers folder'
    )
