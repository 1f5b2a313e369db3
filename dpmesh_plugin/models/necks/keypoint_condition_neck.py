"""Between keypoints, backbone and head: the condition going in, one fused map coming out."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import (
    BackboneOutput,
    Condition,
    KeypointPrompt,
    get_keypoint_set,
)

from .heatmaps import gaussian_heatmaps
from .resampling import group_norm, resample

INIT_STD = 0.02


@MODELS.register_module()
class KeypointConditionNeck(BaseModule):
    """Turns keypoints into a condition, and features with attention maps into one map.

    Every feature map, with the attention map of its size appended, is brought to ``out_stride``:
    finer ones by 3x3 convolutions of stride 2, coarser ones by repeating cells. A 1x1 convolution
    fuses them. See DPMesh, arXiv:2404.01424, section 3.

    The sizes of the backbone may be left out of a config; the estimator fills them in. Beside sizes
    there is a switch for each choice that the release or an ablation makes, hence so many.

    Args:
        in_channels: Channels of the backbone's feature maps, finest first. There may be none where
            there is an embedding: the map then is the embedding in a single cell.
        in_strides: Their strides in input pixels.
        attention_strides: Strides of the backbone's attention maps; empty if it has none.
        keypoint_set: Name of the keypoint set of the prompt.
        out_channels: Channels of the fused map.
        out_stride: Stride of the fused map in input pixels.
        heatmap_size: Side of the heatmaps in cells.
        heatmap_stride: Input pixels per cell.
        heatmap_sigma: Standard deviation of the Gaussians in cells.
        token_dim: Width of the context tokens.
        joint_drop: Probability that training hides a keypoint's heatmap.
        mask_tokens: Whether masked keypoints give zero tokens. In the published model they enter
            the cross-attention like the others.
        keypoint_tokens: Whether the tokens follow the keypoints. If not, they are learned, and
            equal for all crops: an empty prompt.
        inject_heatmaps: Whether the heatmaps are fused as one more feature map. None: where the
            backbone gives no attention maps, since it then takes no condition either. The features
            beside them then start with zero weights, as the control branch does, so that training
            begins with the keypoints and learns what the image adds.
        norm_features: Whether the feature maps are normalised before they are fused (GroupNorm).
            An untrained backbone gives small ones, which would be lost beside heatmaps and
            embedding; so they start with weights like all others. Off as published.
        embedding: Config or module of what all keypoints say together, a vector that is added to
            every cell of the fused map (:class:`PromptEmbedding`). The map that it is added to
            loses its mean over the crop, so that the mean of the sum is the embedding, whatever the
            map becomes, and gets a factor for every channel that starts at zero, so that training
            begins with what the embedding has learned before. None: nothing is added, as published.
        init_cfg: Initialisation as in mmengine.

    Attributes:
        float32_parts: Parts that are given coordinates, which half precision would round to a
            pixel of the crop.

    Raises:
        ValueError: sizes that do not fit together.
    """

    float32_parts = ('embedding',)

    def __init__(
        self,
        *,
        in_channels: Sequence[int],
        in_strides: Sequence[int],
        attention_strides: Sequence[int] = (),
        keypoint_set: str = 'dpmesh_30',
        out_channels: int = 2048,
        out_stride: int = 32,
        heatmap_size: int = 32,
        heatmap_stride: int = 8,
        heatmap_sigma: float = 2.5,
        token_dim: int = 768,
        joint_drop: float = 0.1,
        mask_tokens: bool = False,
        keypoint_tokens: bool = True,
        inject_heatmaps: bool | None = None,
        norm_features: bool = False,
        embedding: dict | nn.Module | None = None,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        _check_sizes(in_channels, in_strides, attention_strides)
        self.num_keypoints = get_keypoint_set(keypoint_set).num
        self.out_channels = out_channels
        self.attention_levels = tuple(in_strides.index(stride) for stride in attention_strides)
        self.heatmap_size = heatmap_size
        self.heatmap_stride = heatmap_stride
        self.heatmap_sigma = heatmap_sigma
        self.joint_drop = joint_drop
        self.mask_tokens = mask_tokens
        self.keypoint_tokens = keypoint_tokens
        self.inject_heatmaps = not attention_strides if inject_heatmaps is None else inject_heatmaps
        if not in_channels and not self.inject_heatmaps and embedding is None:
            raise ValueError(
                'expected feature maps, heatmaps or an embedding to make a map of, got none of them'
            )
        self._build_tokens(token_dim)
        self._build_fusion(in_channels, in_strides, out_stride, norm_features=norm_features)
        self.embedding = MODELS.build_part(
            embedding, num_keypoints=self.num_keypoints, out_channels=out_channels
        )
        if embedding is not None and self.fuse is not None:
            self.map_scale = nn.Parameter(torch.zeros(out_channels, 1, 1))
        self._start_weights(without_features=self.inject_heatmaps and not norm_features)

    def _build_tokens(self, token_dim: int) -> None:
        """The layer that lifts keypoints to tokens, or the tokens in their place."""
        if self.keypoint_tokens:
            self.keypoint_lift = nn.Linear(2, token_dim)
        else:
            self.empty_prompt = nn.Parameter(torch.randn(self.num_keypoints, token_dim) * INIT_STD)

    def _build_fusion(
        self,
        channels: Sequence[int],
        strides: Sequence[int],
        out_stride: int,
        *,
        norm_features: bool,
    ) -> None:
        """The layers that make one map of features, attention and heatmaps; none without a map."""
        widths, strides = list(channels), list(strides)
        for level in self.attention_levels:
            widths[level] += self.num_keypoints
        if self.inject_heatmaps:
            widths.append(self.num_keypoints)
            strides.append(self.heatmap_stride)
        self.norms = None
        if norm_features:
            self.norms = nn.ModuleList(group_norm(width) for width in channels)
        self.branches = nn.ModuleList(
            resample(width, stride, out_stride)
            for width, stride in zip(widths, strides, strict=True)
        )
        self.fuse = None
        if widths:
            self.fuse = nn.Sequential(
                nn.Conv2d(sum(widths), self.out_channels, kernel_size=1),
                group_norm(self.out_channels),
                nn.ReLU(),
            )

    def _start_weights(self, *, without_features: bool) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.trunc_normal_(module.weight, std=INIT_STD)
                nn.init.zeros_(module.bias)
        if without_features:
            with torch.no_grad():
                self.fuse[0].weight[:, : -self.num_keypoints] = 0.0

    def encode(self, prompt: KeypointPrompt) -> Condition:
        """Draw the heatmaps and lift the keypoints to tokens.

        Args:
            prompt: Keypoints (B, K, 2) in px of the crop.

        Raises:
            ValueError: another number of keypoints than that of the keypoint set.
        """
        if prompt.keypoints.shape[1:] != (self.num_keypoints, 2):
            raise ValueError(
                f'expected keypoints of shape (B, {self.num_keypoints}, 2), got '
                f'{tuple(prompt.keypoints.shape)}: map them to the keypoint set of the neck'
            )
        points = prompt.keypoints / self.heatmap_stride
        mask = prompt.visible
        if self.keypoint_tokens:
            tokens = self._lift(points / self.heatmap_size)
        else:
            tokens = self.empty_prompt.expand(len(points), -1, -1)
        if self.mask_tokens:
            tokens = tokens * mask.to(tokens)[..., None]
        if self.training:
            mask = mask * (torch.rand_like(mask) >= self.joint_drop)
        heatmaps = gaussian_heatmaps(points, self.heatmap_size, self.heatmap_sigma)
        embedding = None
        if self.embedding is not None:
            embedding = self.embedding(points / self.heatmap_size, mask)
        return Condition(heatmaps * mask[..., None, None], tokens, mask, embedding)

    def forward(self, output: BackboneOutput, condition: Condition) -> Tensor:
        """Fuse the maps of the backbone.

        Args:
            output: Feature maps and attention maps.
            condition: What :meth:`encode` gave.

        Returns:
            (B, out_channels, H / out_stride, W / out_stride).
        """
        if self.fuse is None:
            return condition.embedding[..., None, None]
        maps = list(output.features)
        if self.norms is not None:
            maps = [norm(each) for norm, each in zip(self.norms, maps, strict=True)]
        for level, attention in zip(self.attention_levels, output.attention, strict=True):
            maps[level] = torch.cat([maps[level], attention], dim=1)
        if self.inject_heatmaps:
            maps.append(condition.heatmaps.to(maps[0] if maps else self.fuse[0].weight))
        branches = [branch(each) for branch, each in zip(self.branches, maps, strict=True)]
        fused = self.fuse(torch.cat(branches, dim=1))
        if condition.embedding is None:
            return fused
        places = fused - fused.mean(dim=(2, 3), keepdim=True)
        return places * self.map_scale + condition.embedding.to(fused)[..., None, None]

    def _lift(self, points: Tensor) -> Tensor:
        """Tokens (B, K, D) of points (B, K, 2), without a matrix product.

        Half precision would round the coordinates of a product to a pixel of the crop.
        """
        weight, bias = self.keypoint_lift.weight, self.keypoint_lift.bias
        return points[..., :1] * weight[:, 0] + points[..., 1:] * weight[:, 1] + bias


def _check_sizes(
    channels: Sequence[int], strides: Sequence[int], attention_strides: Sequence[int]
) -> None:
    if len(channels) != len(strides):
        raise ValueError(
            f'in_channels has {len(channels)} entries, in_strides {len(strides)}: every feature '
            'map of the backbone needs one of each'
        )
    alone = [stride for stride in attention_strides if stride not in strides]
    if alone:
        raise ValueError(
            f'attention_strides has {alone}, but the feature maps have strides {list(strides)}'
        )
