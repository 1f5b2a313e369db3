"""The image prior: one pass through Stable Diffusion, steered by keypoints."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor

from dpmesh_plugin.models.trainable import choose
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import BackboneOutput, Condition

from . import diffusion_parts as parts
from .unet_stages import decoder_stage, encoder_stage, middle_stage, time_embedding


@MODELS.register_module()
class DiffusionPriorBackbone(BaseModule):
    """Features of a text-to-image diffusion model, conditioned on 2D keypoints.

    The image is encoded to a latent; without added noise the UNet looks at it once, at a fixed
    time step. Keypoint tokens take the place of the text in its cross-attention, and a control
    branch adds keypoint heatmaps to its skip connections. See DPMesh, arXiv:2404.01424, section 3.

    Args:
        unet: Settings of the UNet over those of Stable Diffusion 1.5: ``block_out_channels,
            layers_per_block, cross_attention_dim, attention_head_dim, norm_num_groups``. As in
            diffusers, ``attention_head_dim`` is the number of heads.
        vae: Settings of the autoencoder's encoder: ``block_out_channels, layers_per_block,
            latent_channels, norm_num_groups``.
        controlnet: Settings of the control branch: ``conditioning_channels`` (30 keypoints); the
            rest is that of the UNet. None leaves the branch out.
        lora: ``rank`` and ``dropout`` of the adapters in the UNet, and ``targets``: the endings of
            the names of the layers that get one. None leaves them out.
        timestep: Time step of the pass.
        feature_strides: Strides in input pixels of the levels whose feature maps are returned.
            None: all.
        attention_strides: Strides in input pixels of the levels whose cross-attention maps are
            averaged over the encoder and decoder layers and returned.
        image_range: Values that 0 and 1 of the image take at the encoder. Stable Diffusion was
            trained on (-1, 1); the published model reads the image as it is.
        latent_scale: Factor on the latent. Stable Diffusion uses 0.18215, the published model 1.
        trainable: What gets gradients: parts, of ``vae, unet, lora, controlnet``, or names below
            them, such as ``'unet.up_blocks'`` or ``'unet.*.norm*'``.
        gradient_checkpointing: Whether the layers of UNet and control branch keep only their
            inputs for the backward pass: less memory, more time.
        init_cfg: Initialisation as in mmengine.

    The constructor has twelve arguments, as every property of the pass can be exchanged.

    Attributes:
        out_channels: Channels of the feature maps, finest first.
        out_strides: Their strides in input pixels.
        attention_strides: Strides of the attention maps, finest first.
        token_dim: Width of the context tokens.
        compiled_methods: Those that hold the work, each of which is compiled as a whole.

    Raises:
        ValueError: an unknown setting, a feature stride without a level, an attention stride
            without cross-attention, a LoRA target that no layer has, or a name in ``trainable``
            that covers no parameter.
    """

    compiled_methods = ('encode_image', 'control_residuals', 'unet_features')

    def __init__(
        self,
        *,
        unet: Mapping[str, Any],
        vae: Mapping[str, Any],
        controlnet: Mapping[str, Any] | None,
        lora: Mapping[str, Any] | None,
        timestep: int = 1,
        feature_strides: Sequence[int] | None = None,
        attention_strides: Sequence[int] = (16, 32),
        image_range: tuple[float, float] = (0.0, 1.0),
        latent_scale: float = 1.0,
        trainable: Sequence[str] = ('lora', 'controlnet'),
        gradient_checkpointing: bool = False,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        unet = parts.with_defaults(unet, parts.UNET_DEFAULTS, 'unet')
        vae = parts.with_defaults(vae, parts.VAE_DEFAULTS, 'vae')
        self.timestep = timestep
        self.image_range = image_range
        self.latent_scale = latent_scale
        self.latent_channels = vae['latent_channels']
        self.token_dim = unet['cross_attention_dim']
        widths = unet['block_out_channels']
        latent_stride = 2 ** (len(vae['block_out_channels']) - 1)
        strides = tuple(latent_stride * 2**level for level in range(len(widths)))
        self.out_strides = strides if feature_strides is None else tuple(sorted(feature_strides))
        self.tapped_levels = _levels_of(self.out_strides, strides, 'feature_strides')
        self.out_channels = tuple(widths[level] for level in self.tapped_levels)
        self.attention_strides = tuple(sorted(attention_strides))
        self.map_levels = _levels_of(self.attention_strides, strides[:-1], 'attention_strides')

        self.vae = parts.build_vae(vae)
        self.unet = parts.build_unet(unet, self.latent_channels)
        self.controlnet = None
        if controlnet is not None:
            branch = parts.with_defaults(controlnet, parts.CONTROL_DEFAULTS, 'controlnet')
            self.controlnet = parts.build_controlnet(unet, self.latent_channels, **branch)
        self.has_lora = lora is not None
        if lora is not None:
            parts.inject_lora(self.unet, parts.with_defaults(lora, parts.LORA_DEFAULTS, 'lora'))
        parts.materialize(self)
        if gradient_checkpointing:
            for part in filter(None, (self.unet, self.controlnet)):
                part.enable_gradient_checkpointing()
        chosen = choose(dict(self.named_parameters()), trainable, 'this backbone')
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name in chosen)
        self.merged = False
        self.register_state_dict_pre_hook(_refuse_when_merged)
        self.register_load_state_dict_pre_hook(_refuse_when_merged)

    def forward(self, images: Tensor, condition: Condition) -> BackboneOutput:
        """Look at a batch of crops.

        Args:
            images: (B, 3, H, W) RGB in [0, 1].
            condition: Heatmaps (B, K, h, w) at the latent's resolution, tokens (B, K, token_dim).

        Returns:
            One feature map per tapped level and one attention map per stride of
            ``attention_strides``.
        """
        return self.from_latents(self.encode_image(images), condition)

    def from_latents(self, latents: Tensor, condition: Condition) -> BackboneOutput:
        """Look at crops that were encoded before.

        Args:
            latents: (B, latent channels or more, h, w) as :meth:`encode_image` gives them; only
                the means, which come first, are read.
            condition: As in :meth:`forward`.
        """
        latent = self.scale_latent(latents)
        tokens = condition.tokens.to(latent.dtype)
        control = self.control_residuals(latent, condition.heatmaps.to(latent.dtype), tokens)
        return self.unet_features(latent, tokens, control)

    @property
    def encoder_trains(self) -> bool:
        """Whether any weight of the autoencoder gets gradients."""
        return any(parameter.requires_grad for parameter in self.vae.parameters())

    def encoder_fingerprint(self) -> str:
        """SHA-256 of what turns an image into a latent: the encoder's weights, the image range."""
        return parts.fingerprint(self.vae, tuple(map(float, self.image_range)))

    def encode_image(self, images: Tensor) -> Tensor:
        """Latent moments (B, 2 * latent channels, h, w), means first, of images in [0, 1]."""
        low, high = self.image_range
        images = images.to(self.vae.quant_conv.weight.dtype) * (high - low) + low
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.encoder_trains):
            return self.vae.quant_conv(self.vae.encoder(images))

    def scale_latent(self, moments: Tensor) -> Tensor:
        """The UNet's input (B, latent channels, h, w): the scaled mean, without sampling."""
        mean = moments[:, : self.latent_channels].to(self.unet.conv_in.weight.dtype)
        return mean * self.latent_scale

    def control_residuals(
        self, latent: Tensor, heatmaps: Tensor, tokens: Tensor
    ) -> tuple[Tensor, ...]:
        """What the control branch adds to every skip connection and, last, to the middle block."""
        if self.controlnet is None:
            return ()
        branch = self.controlnet
        time = time_embedding(branch, self.timestep, latent)
        states = branch.conv_in(latent) + branch.controlnet_cond_embedding(heatmaps)
        outputs, _ = encoder_stage(branch, states, time, tokens)
        middle = middle_stage(branch, outputs[-1], time, tokens)
        residuals = [
            layer(states)
            for layer, states in zip(branch.controlnet_down_blocks, outputs, strict=True)
        ]
        return (*residuals, branch.controlnet_mid_block(middle))

    def unet_features(
        self, latent: Tensor, tokens: Tensor, control: tuple[Tensor, ...]
    ) -> BackboneOutput:
        """One pass through the UNet.

        Args:
            latent: (B, latent channels, h, w).
            tokens: (B, K, token_dim).
            control: What :meth:`control_residuals` gave.
        """
        time = time_embedding(self.unet, self.timestep, latent)
        skips, encoder_maps = encoder_stage(
            self.unet, self.unet.conv_in(latent), time, tokens, self.map_levels
        )
        states = middle_stage(self.unet, skips[-1], time, tokens)
        if control:
            states = states + control[-1]
            skips = [skip + residual for skip, residual in zip(skips, control[:-1], strict=True)]
        features, _, decoder_maps = decoder_stage(
            self.unet, states, skips, time, tokens, self.map_levels
        )
        attention = tuple(
            torch.stack([*encoder_maps[level], *decoder_maps[level]]).mean(dim=0)
            for level in self.map_levels
        )
        return BackboneOutput(tuple(features[level] for level in self.tapped_levels), attention)

    def merge(self) -> None:
        """Fold the adapters into the UNet's weights, for faster inference.

        A merged model refuses to save or load a checkpoint, since the folded weights would pass
        for those of the frozen UNet. Without adapters nothing happens.
        """
        if self.has_lora and not self.merged:
            for layer in parts.lora_layers(self.unet):
                layer.merge()
            self.merged = True

    def unmerge(self) -> None:
        """Take the adapters out of the UNet's weights again."""
        if self.merged:
            for layer in parts.lora_layers(self.unet):
                layer.unmerge()
            self.merged = False


def _levels_of(strides: Sequence[int], levels: Sequence[int], where: str) -> tuple[int, ...]:
    """Place of every stride in the strides of the levels that can give it."""
    unknown = [stride for stride in strides if stride not in levels]
    if unknown:
        raise ValueError(
            f'{where} has {unknown}; the levels that it can choose have strides {list(levels)} px'
        )
    return tuple(levels.index(stride) for stride in strides)


def _refuse_when_merged(module: DiffusionPriorBackbone, *_: Any) -> None:
    if module.merged:
        raise ValueError(
            'this backbone holds merged adapters, which a checkpoint cannot tell from the UNet: '
            'call unmerge() before saving or loading a state dict'
        )
