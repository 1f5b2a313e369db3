"""The diffusion model of the backbone, trained from nothing on images."""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn
from torch.nn import functional

from dpmesh_plugin.models.backbones import diffusion_parts as parts
from dpmesh_plugin.registry import MODELS

# The noise of Stable Diffusion 1.5: scheduler/scheduler_config.json of its release.
NOISE_DEFAULTS = {
    'num_train_timesteps': 1000,
    'beta_start': 0.00085,
    'beta_end': 0.012,
    'beta_schedule': 'scaled_linear',
    'clip_sample': False,
}
STATISTICS_MOMENTUM = 0.01
PROMPT_STD = 0.02


@MODELS.register_module()
class DiffusionPretrainer(BaseModel):
    """Trains autoencoder and denoiser of a latent diffusion model, one after the other.

    During the first ``autoencoder_steps`` batches the autoencoder learns to give images back; its
    latents are meaningless before. Then it stays as it is, and the UNet learns to predict the noise
    in its latents, brought to mean 0 and variance 1 by the running statistics of the first part.
    Learned tokens stand where the estimator has its keypoints and Stable Diffusion its text.

    ``converters.write_diffusion_folder`` writes both in the form of diffusers, with the statistics
    folded into the autoencoder, so that :class:`DiffusionPriorBackbone` sees the same latents.

    Source: Rombach et al., High-resolution image synthesis with latent diffusion models, CVPR 2022;
    Ho et al., Denoising diffusion probabilistic models, NeurIPS 2020.

    Args:
        unet: Settings of the UNet, those of the backbone it is for.
        vae: Settings of the autoencoder, those of the backbone.
        autoencoder_steps: Batches of the first part.
        num_tokens: Number of learned tokens.
        kl_factor: Factor on the divergence of the latents from a standard normal distribution.
        noise: Options of diffusers' ``DDPMScheduler`` over those of Stable Diffusion.
        image_range: See :class:`DiffusionPriorBackbone`.
        latent_scale: See :class:`DiffusionPriorBackbone`.
        data_preprocessor: Config or module. None: :class:`MeshDataPreprocessor`.
        init_cfg: Initialisation as in mmengine.
    """

    def __init__(
        self,
        *,
        unet: Mapping[str, Any],
        vae: Mapping[str, Any],
        autoencoder_steps: int,
        num_tokens: int = 30,
        kl_factor: float = 1e-4,
        noise: Mapping[str, Any] | None = None,
        image_range: tuple[float, float] = (0.0, 1.0),
        latent_scale: float = 1.0,
        data_preprocessor: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        from diffusers import DDPMScheduler

        preprocessor = MODELS.build_part(data_preprocessor or {'type': 'MeshDataPreprocessor'})
        super().__init__(data_preprocessor=preprocessor, init_cfg=init_cfg)
        unet = parts.with_defaults(unet, parts.UNET_DEFAULTS, 'unet')
        vae = parts.with_defaults(vae, parts.VAE_DEFAULTS, 'vae')
        channels = vae['latent_channels']
        self.autoencoder_steps = autoencoder_steps
        self.kl_factor = kl_factor
        self.image_range = image_range
        self.latent_scale = latent_scale
        self.vae = parts.build_vae(vae, decodes=True)
        self.unet = parts.build_unet(unet, channels, predicts_noise=True)
        parts.materialize(self)
        tokens = torch.randn(num_tokens, unet['cross_attention_dim']) * PROMPT_STD
        self.prompt = nn.ParameterDict({'tokens': tokens})
        self.scheduler = DDPMScheduler(**{**NOISE_DEFAULTS, **(noise or {})})
        self.register_buffer('batches', torch.zeros((), dtype=torch.int64))
        self.register_buffer('latent_mean', torch.zeros(channels))
        self.register_buffer('latent_variance', torch.ones(channels))

    @property
    def latent_std(self) -> Tensor:
        """Standard deviation (C,) of the latents of the autoencoder."""
        return self.latent_variance.sqrt()

    def forward(
        self,
        inputs: Tensor,
        data_samples: Any = None,
        mode: Literal['loss', 'tensor'] = 'tensor',
    ) -> dict[str, Tensor] | Tensor:
        """Run the model.

        Args:
            inputs: (B, 3, H, W) RGB in [0, 1].
            data_samples: Not looked at.
            mode: ``'loss'``: terms of the loss of the present part by name; ``'tensor'``: the
                images (B, 3, H, W) as the autoencoder gives them back.

        Raises:
            ValueError: unknown mode.
        """
        if mode not in ('loss', 'tensor'):
            raise ValueError(f"expected mode 'loss' or 'tensor', got {mode!r}")
        low, high = self.image_range
        images = inputs * (high - low) + low
        if mode == 'tensor':
            given_back = self.vae.decode(self.vae.encode(images).latent_dist.mode()).sample
            return (given_back - low) / (high - low)
        first_part = self.batches < self.autoencoder_steps
        if self.training:
            self.batches += 1
        return self._autoencoder_loss(images) if first_part else self._denoiser_loss(images)

    def _autoencoder_loss(self, images: Tensor) -> dict[str, Tensor]:
        distribution = self.vae.encode(images).latent_dist
        latents = distribution.sample()
        if self.training:
            self._update_statistics(distribution.mean.detach())
        return {
            'loss_image': functional.l1_loss(self.vae.decode(latents).sample, images),
            'loss_kl': self.kl_factor * distribution.kl().mean() / latents[0].numel(),
        }

    def _denoiser_loss(self, images: Tensor) -> dict[str, Tensor]:
        latents = self.normalized_latents(images)
        noise = torch.randn_like(latents)
        steps = torch.randint(
            len(self.scheduler.alphas_cumprod), (len(latents),), device=latents.device
        )
        noisy = self.scheduler.add_noise(latents, noise, steps)
        return {'loss_noise': functional.mse_loss(self.predict_noise(noisy, steps), noise)}

    def predict_noise(self, noisy: Tensor, steps: Tensor) -> Tensor:
        """The noise (B, C, h, w) in latents of the same shape at time steps (B,)."""
        tokens = self.prompt['tokens'].expand(len(noisy), -1, -1)
        return self.unet(noisy, steps, encoder_hidden_states=tokens).sample

    @torch.no_grad()
    def normalized_latents(self, images: Tensor) -> Tensor:
        """Latents (B, C, h, w) of mean 0 and variance 1, of images in ``image_range``."""
        mean = self.vae.encode(images).latent_dist.mean
        return (mean - self.latent_mean[:, None, None]) / self.latent_std[:, None, None]

    @torch.no_grad()
    def _update_statistics(self, latents: Tensor) -> None:
        """Follow mean and variance of the latents; the first batch counts as a whole."""
        momentum = max(STATISTICS_MOMENTUM, 1 / int(self.batches))
        variance, mean = torch.var_mean(latents.float(), dim=(0, 2, 3))
        self.latent_mean.lerp_(mean, momentum)
        self.latent_variance.lerp_(variance, momentum)
