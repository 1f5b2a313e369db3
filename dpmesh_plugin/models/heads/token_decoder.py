"""Joint and SMPL tokens that read the image, and the volume at the joints found so far."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dpmesh_plugin.registry import MODELS

from .functional import inverse_sigmoid
from .position_layers import PositionDecoderLayer
from .start_values import OUTPUT_GAIN

SMPL_TOKENS = ('pose', 'shape', 'camera')


@MODELS.register_module()
class TokenDecoder(nn.Module):
    """After every layer the joints are located anew and the volume there joins the memory.

    An untrained decoder locates them near the middle of the crop.

    Args:
        num_joints: Number of joint tokens.
        channels: Channels of tokens, memory and volume.
        num_layers: Decoder layers.
        num_heads: Attention heads.
        feedforward_channels: Inner width of the feed-forward.
        dropout: Dropout rate.
    """

    def __init__(
        self,
        *,
        num_joints: int,
        channels: int = 256,
        num_layers: int = 4,
        num_heads: int = 8,
        feedforward_channels: int = 2048,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            PositionDecoderLayer(
                channels, num_heads, feedforward_channels, dropout, batch_first=True
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(channels)
        self.joint_regressors = nn.ModuleList(
            nn.Linear(channels + (3 if index else 0), 3) for index in range(num_layers)
        )
        self.joint_position = nn.Sequential(
            nn.Linear(3, channels), nn.LayerNorm(channels), nn.ReLU(), nn.Linear(channels, channels)
        )
        for weight in self.parameters():
            if weight.ndim > 1:
                nn.init.xavier_uniform_(weight)
        for regressor in self.joint_regressors:
            nn.init.xavier_uniform_(regressor.weight, gain=OUTPUT_GAIN)
            nn.init.zeros_(regressor.bias)
        self.smpl_content = nn.Parameter(torch.zeros(channels))
        self.joint_content = nn.Parameter(torch.zeros(channels))
        self.smpl_queries = nn.Parameter(torch.randn(len(SMPL_TOKENS), channels))
        self.joint_queries = nn.Parameter(torch.randn(num_joints, channels))

    def forward(
        self, image_tokens: Tensor, image_position: Tensor, volume: Tensor, exponent: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Decode.

        Args:
            image_tokens: (B, N, C).
            image_position: (N, C).
            volume: (B, C, D, H, W).
            exponent: Scalar power that spaces the depth cells of the volume.

        Returns:
            The SMPL tokens after every layer (L, B, 3, C), in the order of ``SMPL_TOKENS``, and
            the joints (B, K, 3) after the last one: x, y, depth, each in [0, 1].
        """
        batch = len(image_tokens)
        num_smpl, num_joints = len(self.smpl_queries), len(self.joint_queries)
        contents = [self.smpl_content.expand(batch, num_smpl, -1)]
        contents += [self.joint_content.expand(batch, num_joints, -1)]
        tokens = torch.cat(contents, dim=1)
        queries = torch.cat([self.smpl_queries, self.joint_queries])
        memory, memory_position, volume = image_tokens, image_position, volume.float()
        smpl_tokens, joints, logits = [], None, None
        for layer, regressor in zip(self.layers, self.joint_regressors, strict=True):
            if joints is not None:
                sampled = sample_volume(volume, joints, exponent).to(tokens.dtype)
                memory = torch.cat([image_tokens, sampled], dim=1)
                located = self.joint_position(logits.to(tokens.dtype))
                memory_position = torch.cat([image_position.expand(batch, -1, -1), located], dim=1)
            tokens = self.norm(layer(tokens, queries, memory, memory_position))
            smpl_tokens.append(tokens[:, :num_smpl])
            joints = _regress_joints(regressor, tokens[:, num_smpl:], logits)
            logits = inverse_sigmoid(joints)
        return torch.stack(smpl_tokens), joints


def _regress_joints(regressor: nn.Linear, tokens: Tensor, logits: Tensor | None) -> Tensor:
    """Joints (B, K, 3) in [0, 1] as a correction of ``logits``, in float32.

    bfloat16 has no number between 1 - 1/256 and 1, too coarse for a coordinate.
    """
    if logits is None:
        return regressor(tokens).float().sigmoid()
    correction = regressor(torch.cat([tokens, logits.to(tokens.dtype)], dim=-1))
    return (logits + correction.float()).sigmoid()


def sample_volume(volume: Tensor, joints: Tensor, exponent: Tensor) -> Tensor:
    """Read a volume at some points, tri-linearly; outside it is zero.

    Args:
        volume: (B, C, D, H, W) float32.
        joints: (B, K, 3) float32, x, y, depth in [0, 1]; 0 and 1 are the centres of the first and
            the last cell.
        exponent: Scalar power from depth to the place in the volume.

    Returns:
        (B, K, C) float32.
    """
    x, y, z = joints.unbind(-1)
    grid = torch.stack([x, y, z ** exponent.float()], dim=-1) * 2 - 1
    sampled = F.grid_sample(volume, grid[:, :, None, None], align_corners=True)
    return sampled[..., 0, 0].transpose(1, 2)
