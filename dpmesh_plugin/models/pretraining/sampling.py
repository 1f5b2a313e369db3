"""Pictures out of noise: what a pretrained diffusion model knows, to look at."""

import torch
from torch import Tensor

from .diffusion_pretrainer import DiffusionPretrainer


@torch.no_grad()
def draw_images(
    model: DiffusionPretrainer, count: int, latent_size: int, *, steps: int = 50, seed: int = 0
) -> Tensor:
    """Draw images by the deterministic sampler of DDIM.

    Args:
        model: Pretrained model.
        count: Number of images.
        latent_size: Side of the latents, in cells.
        steps: Passes through the UNet.
        seed: Of the noise.

    Returns:
        (count, 3, H, W) RGB in [0, 1].

    Source: Song et al., Denoising diffusion implicit models, ICLR 2021.
    """
    from diffusers import DDIMScheduler

    model.eval()
    mean, std = model.latent_mean[:, None, None], model.latent_std[:, None, None]
    scheduler = DDIMScheduler.from_config(model.scheduler.config, set_alpha_to_one=False)
    scheduler.set_timesteps(steps, device=mean.device)
    generator = torch.Generator().manual_seed(seed)
    latents = torch.randn(count, len(mean), latent_size, latent_size, generator=generator)
    latents = latents.to(mean)
    for step in scheduler.timesteps:
        noise = model.predict_noise(latents, step.expand(count))
        latents = scheduler.step(noise, step, latents).prev_sample
    low, high = model.image_range
    images = model.vae.decode(latents * std + mean).sample
    return ((images - low) / (high - low)).clamp(0, 1)
