"""A pretrained diffusion model as a folder of diffusers."""

import copy
from pathlib import Path

import torch
from torch import Tensor, nn

from dpmesh_plugin.models.pretraining import DiffusionPretrainer


def write_diffusion_folder(model: DiffusionPretrainer, folder: str | Path) -> None:
    """Write ``unet``, ``vae`` and ``controlnet`` in the form of diffusers.

    The statistics of the latents go into the autoencoder, so that the estimator's latents have
    mean 0 and variance 1 without knowing them. The control branch is a copy of the UNet's encoder
    with outputs of zero, as ControlNets start. ``sd_to_dpmesh.py`` reads the folder.

    Args:
        model: Pretrained model.
        folder: Where to; files of the same names are replaced.
    """
    from diffusers import ControlNetModel

    folder = Path(folder)
    model.unet.save_pretrained(folder / 'unet')
    autoencoder = copy.deepcopy(model.vae)
    fold_statistics(autoencoder, model.latent_mean, model.latent_std * model.latent_scale)
    autoencoder.save_pretrained(folder / 'vae')
    width = model.unet.config.norm_num_groups
    branch = ControlNetModel.from_unet(
        model.unet, conditioning_embedding_out_channels=(width, width)
    )
    branch.save_pretrained(folder / 'controlnet')


@torch.no_grad()
def fold_statistics(autoencoder: nn.Module, shift: Tensor, scale: Tensor) -> None:
    """Let an ``AutoencoderKL`` give (latent - shift) / scale and take the same (in place).

    Args:
        autoencoder: The autoencoder.
        shift: (C,) of the mean of the latent; the variance follows ``scale`` alone.
        scale: (C,) above 0.
    """
    out, back = autoencoder.quant_conv, autoencoder.post_quant_conv
    channels = len(shift)
    out.bias[:channels] -= shift
    out.bias[:channels] /= scale
    out.weight[:channels] /= scale[:, None, None, None]
    out.bias[channels:] -= 2 * scale.log()
    back.bias += back.weight[:, :, 0, 0] @ shift
    back.weight *= scale[:, None, None]
