"""Build the parts of the diffusion prior from diffusers and peft.

Both libraries are imported inside the functions, so that importing this package does not need
them. Parts are built on the meta device, where parameters cost nothing; :func:`materialize` then
gives memory and first values to those that are kept.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import torch
from torch import nn

# Stable Diffusion 1.5. In diffusers' UNet ``attention_head_dim`` is the number of heads.
UNET_DEFAULTS = {
    'block_out_channels': (320, 640, 1280, 1280),
    'layers_per_block': 2,
    'cross_attention_dim': 768,
    'attention_head_dim': 8,
    'norm_num_groups': 32,
}
VAE_DEFAULTS = {
    'block_out_channels': (128, 256, 512, 512),
    'layers_per_block': 2,
    'latent_channels': 4,
    'norm_num_groups': 32,
}
CONTROL_DEFAULTS = {'conditioning_channels': 30}
# Every linear layer of an attention, and the projection of the gated feed-forward.
LORA_TARGETS = ('to_q', 'to_k', 'to_v', 'to_out.0', 'ff.net.0.proj')
LORA_DEFAULTS = {'rank': 64, 'dropout': 0.0, 'targets': LORA_TARGETS}


def with_defaults(given: Mapping[str, Any], defaults: dict[str, Any], where: str) -> dict[str, Any]:
    """Fill in what ``given`` leaves out.

    Raises:
        ValueError: a key that this model has no use for.
    """
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise ValueError(
            f'{where} got {", ".join(unknown)}; the keys it takes are {", ".join(defaults)}'
        )
    return {**defaults, **given}


def build_unet(
    settings: Mapping[str, Any], latent_channels: int, *, predicts_noise: bool = False
) -> nn.Module:
    """A ``UNet2DConditionModel`` on the meta device.

    Args:
        settings: The keys of ``UNET_DEFAULTS``.
        latent_channels: Channels of the latent it reads.
        predicts_noise: Whether it keeps its last layers, which predict noise.
    """
    from diffusers import UNet2DConditionModel

    levels = len(settings['block_out_channels'])
    with torch.device('meta'):
        unet = UNet2DConditionModel(
            in_channels=latent_channels,
            out_channels=latent_channels,
            down_block_types=('CrossAttnDownBlock2D',) * (levels - 1) + ('DownBlock2D',),
            up_block_types=('UpBlock2D',) + ('CrossAttnUpBlock2D',) * (levels - 1),
            **settings,
        )
    if not predicts_noise:
        del unet.conv_norm_out, unet.conv_act, unet.conv_out
    return unet


def build_controlnet(
    settings: Mapping[str, Any], latent_channels: int, conditioning_channels: int
) -> nn.Module:
    """A ``ControlNetModel`` on the meta device that reads heatmaps at the latent's resolution.

    The published branch feeds latent and heatmaps together to its first convolution. A convolution
    of each and the sum of both is the same function, so a bias-free convolution of the heatmaps
    stands where diffusers has the hint encoder.

    Args:
        settings: The keys of ``UNET_DEFAULTS``: the branch copies the UNet's encoder.
        latent_channels: Channels of the latent it reads.
        conditioning_channels: Number of heatmaps.
    """
    from diffusers import ControlNetModel

    width = settings['block_out_channels'][0]
    levels = len(settings['block_out_channels'])
    with torch.device('meta'):
        branch = ControlNetModel(
            in_channels=latent_channels,
            down_block_types=('CrossAttnDownBlock2D',) * (levels - 1) + ('DownBlock2D',),
            **settings,
        )
        branch.controlnet_cond_embedding = nn.Conv2d(
            conditioning_channels, width, kernel_size=3, padding=1, bias=False
        )
    return branch


def build_vae(settings: Mapping[str, Any], *, decodes: bool = False) -> nn.Module:
    """An ``AutoencoderKL`` on the meta device.

    Args:
        settings: The keys of ``VAE_DEFAULTS``.
        decodes: Whether it keeps its decoder half.
    """
    from diffusers import AutoencoderKL

    levels = len(settings['block_out_channels'])
    with torch.device('meta'):
        vae = AutoencoderKL(
            down_block_types=('DownEncoderBlock2D',) * levels,
            up_block_types=('UpDecoderBlock2D',) * levels,
            **settings,
        )
    if not decodes:
        del vae.decoder, vae.post_quant_conv
    return vae


def inject_lora(unet: nn.Module, settings: Mapping[str, Any]) -> None:
    """Wrap the target layers of ``unet`` in peft's LoRA (in place), on the meta device.

    Args:
        unet: The UNet.
        settings: ``rank``, ``dropout`` and ``targets``; the scale is 1.

    Raises:
        ValueError: a target is the ending of no layer's name.
    """
    from peft import LoraConfig, inject_adapter_in_model

    layers = [
        name for name, each in unet.named_modules() if isinstance(each, nn.Linear | nn.Conv2d)
    ]
    for target in settings['targets']:
        if not any(f'.{name}'.endswith(f'.{target}') for name in layers):
            raise ValueError(
                f'lora.targets names {target!r}, with which no layer of the UNet ends; among its '
                f'layers are {", ".join(layers[:8])}'
            )
    config = LoraConfig(
        r=settings['rank'],
        lora_alpha=settings['rank'],
        lora_dropout=settings['dropout'],
        target_modules=list(settings['targets']),
    )
    inject_adapter_in_model(config, unet, low_cpu_mem_usage=True)


def lora_layers(unet: nn.Module) -> Iterable[nn.Module]:
    """The layers of ``unet`` that :func:`inject_lora` has wrapped."""
    from peft.tuners.lora import LoraLayer

    return (module for module in unet.modules() if isinstance(module, LoraLayer))


def fingerprint(part: nn.Module, *settings: Any) -> str:
    """SHA-256 of the names, types and values of a module's weights and of some settings."""
    digest = hashlib.sha256(repr(settings).encode())
    for name, tensor in part.state_dict().items():
        digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
        digest.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def materialize(part: nn.Module, only: Collection[str] | None = None) -> None:
    """Move ``part`` from the meta device to the default device and give it first values.

    Layers get the values that their class starts with; the control branch's output convolutions
    start at zero, LoRA's down projections at N(0, 1 / rank) and its up projections at zero.

    Args:
        part: The module, changed in place.
        only: Names of the parameters whose layers get memory; None for all.
    """
    device = torch.get_default_device()
    if device.type == 'meta':
        return
    for name, module in part.named_modules():
        own = [f'{name}.{leaf}' for leaf, _ in module.named_parameters(recurse=False)]
        if own and (only is None or any(each in only for each in own)):
            module.to_empty(device=device, recurse=False)
            _set_first_values(name, module)


def _set_first_values(name: str, module: nn.Module) -> None:
    if 'controlnet_down_blocks.' in name or name.endswith('controlnet_mid_block'):
        nn.init.zeros_(module.weight)
        nn.init.zeros_(module.bias)
    elif '.lora_A.' in name:
        nn.init.normal_(module.weight, std=1 / len(module.weight))
    elif '.lora_B.' in name:
        nn.init.zeros_(module.weight)
    else:
        module.reset_parameters()
