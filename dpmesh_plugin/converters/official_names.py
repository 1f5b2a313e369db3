"""Names of the same parameter in the official release and here.

Like :mod:`.ldm_names` the table runs from our names to the official ones. The release registers
some modules under several names; the canonical one is used throughout.
"""

import re
from collections.abc import Iterable

from .ldm_names import unet_to_ldm, vae_to_ldm
from .official_head_keys import UNUSED_HEAD_NAMES, head_to_official

DDP_PREFIX = 'module.'
DIFFUSION = 'backbone.sd_model.'
UNET = DIFFUSION + 'model.diffusion_model.'
CONTROL = DIFFUSION + 'control_model.'
VAE = DIFFUSION + 'first_stage_model.'
# Latent channels come first in the official weight, the heatmaps' behind them.
CONTROL_INPUT = CONTROL + 'input_blocks.0.0.weight'
CONTROL_LATENT = 'backbone.controlnet.conv_in.weight'
CONTROL_HEATMAPS = 'backbone.controlnet.controlnet_cond_embedding.weight'

_ALIASES = (('backbone.unet.unet.', DIFFUSION), ('backbone.encoder_vq.', VAE))
_LORA = (
    ('.base_layer.', '.linear.'),
    ('.lora_A.default.', '.lora_down.'),
    ('.lora_B.default.', '.lora_up.'),
)
_NECK = (
    ('neck.keypoint_lift.', 'kp_lifting.'),
    ('neck.branches.', 'backbone.outmodules.'),
    ('neck.fuse.', 'backbone.outmodules.2.'),
)

# Official tensors that have no counterpart here, and why.
UNUSED = (
    (r'^backbone\.sd_model\.cond_stage_model\.', 'text encoder: keypoint tokens replace the text'),
    (
        r'^backbone\.sd_model\.(betas|alphas_cumprod(_prev)?|logvar|sqrt_.*|log_one_minus_.*'
        r'|posterior_.*)$',
        'noise schedule: the model makes one pass at a fixed time step',
    ),
    (r'^backbone\.sd_model\.model\.diffusion_model\.out\.', 'noise prediction: never executed'),
    (
        r'^backbone\.sd_model\.first_stage_model\.(decoder\.|post_quant_conv\.)',
        'image decoder: never executed',
    ),
    *UNUSED_HEAD_NAMES,
    (r'num_batches_tracked$', 'statistics counter: never read'),
)


def canonical_name(name: str) -> str:
    """Official name without the distributed wrapper's prefix, second names resolved."""
    name = name.removeprefix(DDP_PREFIX)
    for alias, target in _ALIASES:
        if name.startswith(alias):
            return target + name.removeprefix(alias)
    return name


def second_names(name: str) -> list[str]:
    """The further names under which the release registers a tensor, by its canonical one."""
    return [
        alias + name.removeprefix(target) for alias, target in _ALIASES if name.startswith(target)
    ]


def unused_reason(name: str) -> str | None:
    """Why the tensor of a canonical official name has no counterpart here, or None."""
    return next((reason for pattern, reason in UNUSED if re.search(pattern, name)), None)


def count_layers_per_block(names: Iterable[str]) -> int:
    """Residual blocks per level of the UNet's encoder, from the names of a state dict of ours."""
    found = (re.match(r'backbone\.unet\.down_blocks\.0\.resnets\.(\d+)\.', name) for name in names)
    return len({match[1] for match in found if match})


def official_name(name: str, layers_per_block: int = 2) -> str:
    """Canonical official name of a parameter.

    Args:
        name: Name in the state dict of a ``MeshEstimator`` of the published design.
        layers_per_block: Residual blocks per level of the UNet's encoder.

    Returns:
        The name; both input convolutions of the control branch give that of the one they share.

    Raises:
        KeyError: the release has no such parameter.
    """
    for ours, official in _LORA:
        name = name.replace(ours, official)
    if name == CONTROL_HEATMAPS:
        return CONTROL_INPUT
    _, _, below = name.removeprefix('backbone.').partition('.')
    if name.startswith('backbone.unet.'):
        return UNET + unet_to_ldm(below, layers_per_block)
    if name.startswith('backbone.controlnet.'):
        return CONTROL + unet_to_ldm(below, layers_per_block)
    if name.startswith('backbone.vae.'):
        return VAE + vae_to_ldm(below)
    for ours, official in _NECK:
        if name.startswith(ours):
            return official + name.removeprefix(ours)
    if name.startswith('head.'):
        return head_to_official(name.removeprefix('head.'))
    raise KeyError(f'the official release has no counterpart of {name!r}')
