"""A body read off the mean of the fused map."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS

from .base_mesh_head import BaseMeshHead
from .crop_frame import FocalSource, OrientFrame
from .head_output import HeadOutput
from .start_values import OUTPUT_GAIN, START_BETAS, START_CAMERA, UPRIGHT_6D


class MapReadout(nn.Module):
    """The raw numbers of a body from the mean of a map, by a perceptron with one hidden layer.

    An untrained one gives a standing person in the middle of the crop.

    Args:
        in_channels: Channels of the map.
        latent_dim: Numbers that the pose decoder takes.
        hidden_channels: Width of the hidden layer.
    """

    def __init__(self, *, in_channels: int, latent_dim: int, hidden_channels: int = 512) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(in_channels, hidden_channels), nn.ReLU())
        starts = {
            'orient_6d': UPRIGHT_6D,
            'pose_latent': (0.0,) * latent_dim,
            'betas': START_BETAS,
            'camera': START_CAMERA,
        }
        self.regressors = nn.ModuleDict(
            {name: _regressor(hidden_channels, start) for name, start in starts.items()}
        )

    def forward(self, feats: Tensor) -> dict[str, Tensor]:
        """Read ``orient_6d`` (B, 6), ``pose_latent`` (B, D), ``betas`` (B, 10), ``camera`` (B, 3).

        Computed in the type of the weights, also under autocast: the numbers are final ones.

        Args:
            feats: (B, in_channels, h, w) of any floating type.
        """
        with torch.autocast(feats.device.type, enabled=False):
            pooled = feats.to(self.hidden[0].weight.dtype).mean(dim=(2, 3))
            hidden = self.hidden(pooled)
            return {name: layer(hidden) for name, layer in self.regressors.items()}


def _regressor(in_channels: int, start: Sequence[float]) -> nn.Linear:
    layer = nn.Linear(in_channels, len(start))
    nn.init.xavier_uniform_(layer.weight, gain=OUTPUT_GAIN)
    with torch.no_grad():
        layer.bias.copy_(torch.tensor(start))
    return layer


@MODELS.register_module()
class ReadoutHead(BaseMeshHead):
    """The least head: a first stage of training in which neck and readout learn from keypoints.

    :class:`SMPLTokenHead` with ``start='readout'`` has the same readout under the same name and
    corrects what it gives.

    Args:
        in_channels: Channels of the fused map.
        body_model: See :class:`BaseMeshHead`.
        pose_decoder: See :class:`BaseMeshHead`.
        objective: See :class:`BaseMeshHead`.
        input_size: See :class:`BaseMeshHead`.
        focal_source: See :class:`BaseMeshHead`.
        orient_frame: See :class:`BaseMeshHead`.
        alignment: See :class:`BaseMeshHead`.
        init_cfg: Initialisation as in mmengine.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        body_model: dict | nn.Module,
        pose_decoder: dict | nn.Module,
        objective: dict | nn.Module | None = None,
        input_size: int = 256,
        focal_source: FocalSource = 'per_sample',
        orient_frame: OrientFrame = 'camera',
        alignment: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            body_model=body_model,
            pose_decoder=pose_decoder,
            objective=objective,
            input_size=input_size,
            focal_source=focal_source,
            orient_frame=orient_frame,
            alignment=alignment,
            in_channels=in_channels,
            init_cfg=init_cfg,
        )
        latent_dim = self.pose_decoder.latent_dim
        self.readout = MapReadout(in_channels=in_channels, latent_dim=latent_dim)

    def forward(self, feats: Tensor, focal: Tensor, *, with_vertices: bool = True) -> HeadOutput:
        """Regress body and camera.

        Args:
            feats: (B, in_channels, h, w) of any floating type.
            focal: (B,) focal length of the camera of the crop, px.
            with_vertices: Whether to compute the whole mesh, or only what the joints need.
        """
        raw = self.readout(feats)
        return HeadOutput(**self.decode_body(**raw, focal=focal, with_vertices=with_vertices))
