"""Iterative regression from a pooled feature: the baseline for ablations."""

import torch
from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS

from .base_mesh_head import BaseMeshHead
from .crop_frame import FocalSource, OrientFrame
from .head_output import HeadOutput
from .start_values import OUTPUT_GAIN, START_BETAS, START_CAMERA, UPRIGHT_6D


@MODELS.register_module()
class HMRHead(BaseMeshHead):
    """Start from the mean person and correct it a few times with one perceptron.

    Source: Kanazawa et al., CVPR 2018, with the six-number rotations of Zhou et al., CVPR 2019.

    Args:
        in_channels: Channels of the image feature.
        body_model: Config or module of the body model.
        pose_decoder: Config or module of the pose decoder. None: six numbers per joint.
        hidden_channels: Width of the perceptron.
        num_iterations: Number of corrections.
        dropout: Dropout rate of the perceptron.
        objective: See :class:`BaseMeshHead`.
        input_size: Side of the crop, px.
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
        pose_decoder: dict | nn.Module | None = None,
        hidden_channels: int = 1024,
        num_iterations: int = 3,
        dropout: float = 0.5,
        objective: dict | nn.Module | None = None,
        input_size: int = 256,
        focal_source: FocalSource = 'per_sample',
        orient_frame: OrientFrame = 'camera',
        alignment: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            body_model=body_model,
            pose_decoder=pose_decoder or {'type': 'ContinuousPoseDecoder'},
            objective=objective,
            input_size=input_size,
            focal_source=focal_source,
            orient_frame=orient_frame,
            alignment=alignment,
            in_channels=in_channels,
            init_cfg=init_cfg,
        )
        self.num_iterations = num_iterations
        pose_latent = [0.0] * self.pose_decoder.latent_dim
        groups = [UPRIGHT_6D, pose_latent, START_BETAS, START_CAMERA]
        self.group_sizes = [len(group) for group in groups]
        mean = torch.tensor([value for group in groups for value in group])
        self.register_buffer('mean_parameters', mean)
        self.perceptron = nn.Sequential(
            nn.Linear(in_channels + len(mean), hidden_channels),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_channels, hidden_channels),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.correction = nn.Linear(hidden_channels, len(mean))
        nn.init.xavier_uniform_(self.correction.weight, gain=OUTPUT_GAIN)
        nn.init.zeros_(self.correction.bias)

    def forward(self, feats: Tensor, focal: Tensor, *, with_vertices: bool = True) -> HeadOutput:
        """Regress body and camera.

        Args:
            feats: (B, in_channels, H, W) of any floating type.
            focal: (B,) focal length of the camera of the crop, px.
            with_vertices: Whether to compute the whole mesh, or only what the joints need.
        """
        pooled = feats.to(self.correction.weight.dtype).mean(dim=(2, 3))
        parameters = self.mean_parameters.expand(len(feats), -1)
        for _ in range(self.num_iterations):
            hidden = self.perceptron(torch.cat([pooled, parameters], dim=-1))
            parameters = parameters + self.correction(hidden)
        orient_6d, pose_latent, betas, camera = parameters.split(self.group_sizes, dim=-1)
        return HeadOutput(
            **self.decode_body(
                orient_6d=orient_6d,
                pose_latent=pose_latent,
                betas=betas,
                camera=camera,
                focal=focal,
                with_vertices=with_vertices,
            )
        )
