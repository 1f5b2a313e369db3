"""Joint and SMPL tokens over an image feature and a lifted volume: the head of DPMesh."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from dpmesh_plugin.models.losses.mesh_loss import Operands
from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import get_keypoint_set, keypoint_map
from dpmesh_plugin.utils.choices import check_choice

from .base_mesh_head import BaseMeshHead
from .crop_frame import FocalSource, OrientFrame
from .head_output import HeadOutput
from .mesh_targets import IMAGE_GRID, MeshTargets
from .posed_body import KEYPOINT_SET
from .readout_head import MapReadout
from .start_values import OUTPUT_GAIN, START_BETAS, START_CAMERA, UPRIGHT_6D

PUBLISHED_OBJECTIVE = {'type': 'MeshLoss', 'weighting': {'type': 'AutomaticWeightedLoss'}}
Start = Literal['upright', 'random', 'readout']


class CascadeRegressor(nn.Module):
    """One linear layer per decoder layer, each correcting the value of the one before.

    Args:
        in_channels: Channels of the token.
        out_channels: Numbers to regress.
        num_stages: Number of decoder layers.
        start: The numbers as an untrained model gives them; None leaves the first values of the
            layers to chance.
        gain: Xavier gain of the layers behind ``start``: how far an untrained model may be off.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        num_stages: int,
        start: Sequence[float] | None = None,
        gain: float = OUTPUT_GAIN,
    ) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Linear(in_channels + (out_channels if stage else 0), out_channels)
            for stage in range(num_stages)
        )
        if start is None:
            return
        for stage in self.stages:
            nn.init.xavier_uniform_(stage.weight, gain=gain)
            nn.init.zeros_(stage.bias)
        with torch.no_grad():
            self.stages[0].bias.copy_(torch.tensor(start))

    def forward(self, tokens: Tensor, given: Tensor | float = 0.0) -> Tensor:
        """Correct a value by the tokens after every decoder layer.

        Args:
            tokens: (L, B, C).
            given: (B, out_channels) that the first layer corrects.

        Returns:
            The last value (B, out_channels).
        """
        value = given + self.stages[0](tokens[0])
        for stage, token in zip(self.stages[1:], tokens[1:], strict=True):
            value = value + stage(torch.cat([token, value], dim=-1))
        return value


@MODELS.register_module()
class SMPLTokenHead(BaseMeshHead):
    """The head of DPMesh, arXiv:2404.01424, section 3.

    Switches between the published behaviour and a corrected one:

    - ``focal_source='first'``: the first sample's focal length serves the whole batch, as
      published. Default ``'per_sample'``.
    - ``orient_frame='ray'``: the body is regressed as a camera sees it that looks at the crop's
      centre, and turned into the axes of the image's camera. Default ``'camera'``, as published.
    - ``image_transformer.frequency_ladder=True``: the position code of the image gets the
      wavelengths of DETR. Default False, since the published weights were trained without.
    - ``start='random'``: the first weights of pose and shape are drawn as published, so that an
      untrained model gives any body. Default ``'upright'``: it gives a standing person. Either way
      the body starts in the middle of the crop: drawn as published, the camera may start within
      it, where gradients have no bound. ``'readout'``: the mean of the map gives the body that the
      tokens correct, by nothing at first, so that training begins with what a first stage has
      learned (:class:`ReadoutHead`).

    The constructor has fourteen arguments, as every part of the head can be exchanged.

    Args:
        in_channels: Channels of the fused image feature.
        body_model: Config or module of the body model.
        pose_decoder: Config or module of the pose prior.
        volume: Config or module of the lifted volume; its size tells that of the image feature.
        image_transformer: Config or module of the image tokens.
        decoder: Config or module of the token decoder.
        joint_set: Keypoint set of the joint tokens, part of ``dpmesh_30``.
        objective: Config or module of the loss. None: the published one.
        input_size: Side of the crop, px.
        focal_source: See above.
        orient_frame: See above.
        alignment: See :class:`BaseMeshHead`.
        start: See above.
        init_cfg: Initialisation as in mmengine.

    Raises:
        ValueError: unknown start.
    """

    loss_terms = (*BaseMeshHead.loss_terms, 'body_joint_img', 'smpl_joint_img')

    def __init__(
        self,
        *,
        in_channels: int,
        body_model: dict | nn.Module,
        pose_decoder: dict | nn.Module,
        volume: dict | nn.Module | None = None,
        image_transformer: dict | nn.Module | None = None,
        decoder: dict | nn.Module | None = None,
        joint_set: str = 'dpmesh_15',
        objective: dict | nn.Module | None = None,
        input_size: int = 256,
        focal_source: FocalSource = 'per_sample',
        orient_frame: OrientFrame = 'camera',
        alignment: dict | nn.Module | None = None,
        start: Start = 'upright',
        init_cfg: dict | None = None,
    ) -> None:
        check_choice('start', start, Start)
        super().__init__(
            body_model=body_model,
            pose_decoder=pose_decoder,
            objective=objective or PUBLISHED_OBJECTIVE,
            input_size=input_size,
            focal_source=focal_source,
            orient_frame=orient_frame,
            alignment=alignment,
            in_channels=in_channels,
            init_cfg=init_cfg,
        )
        self.volume = MODELS.build_part(
            volume or {'type': 'FeatureVolume'}, in_channels=in_channels
        )
        channels = self.volume.channels
        self.image_transformer = MODELS.build_part(
            image_transformer or {'type': 'ImageTransformer'},
            in_channels=in_channels,
            channels=channels,
            size=self.volume.size[1:],
        )
        self.decoder = MODELS.build_part(
            decoder or {'type': 'TokenDecoder'},
            num_joints=get_keypoint_set(joint_set).num,
            channels=channels,
        )
        self.joint_indices = keypoint_map(KEYPOINT_SET, joint_set).tolist()
        self.readout = None
        if start == 'readout':
            latent_dim = self.pose_decoder.latent_dim
            self.readout = MapReadout(in_channels=in_channels, latent_dim=latent_dim)
        self.orient_regressor = self._cascade(UPRIGHT_6D, start)
        self.pose_regressor = self._cascade((0.0,) * self.pose_decoder.latent_dim, start)
        self.betas_regressor = self._cascade(START_BETAS, start)
        camera_start = 'upright' if start == 'random' else start
        self.camera_regressor = self._cascade(START_CAMERA, camera_start)

    def _cascade(self, upright: Sequence[float], start: Start) -> CascadeRegressor:
        first = {'upright': upright, 'random': None, 'readout': (0.0,) * len(upright)}[start]
        return CascadeRegressor(
            in_channels=self.volume.channels,
            out_channels=len(upright),
            num_stages=len(self.decoder.layers),
            start=first,
            gain=0.0 if start == 'readout' else OUTPUT_GAIN,
        )

    def forward(self, feats: Tensor, focal: Tensor, *, with_vertices: bool = True) -> HeadOutput:
        """Regress body, camera and image joints.

        Args:
            feats: (B, in_channels, H, W) of any floating type.
            focal: (B,) focal length of the camera of the crop, px.
            with_vertices: Whether to compute the whole mesh, or only what the joints need.
        """
        feats = feats.to(self.volume.lift.weight.dtype)
        volume = self.volume(feats)
        image_tokens = self.image_transformer(feats)
        tokens, image_joints = self.decoder(
            image_tokens, self.image_transformer.position, volume, self.volume.depth_exponent
        )
        pose_token, shape_token, camera_token = tokens.unbind(2)
        given = {} if self.readout is None else self.readout(feats)
        body = self.decode_body(
            orient_6d=self.orient_regressor(pose_token, given.get('orient_6d', 0.0)),
            pose_latent=self.pose_regressor(pose_token, given.get('pose_latent', 0.0)),
            betas=self.betas_regressor(shape_token, given.get('betas', 0.0)),
            camera=self.camera_regressor(camera_token, given.get('camera', 0.0)),
            focal=focal,
            with_vertices=with_vertices,
        )
        return HeadOutput(**body, image_joints=image_joints, volume=volume.float())

    def loss_operands(self, output: HeadOutput, targets: MeshTargets) -> Operands:
        """The shared terms, and the image joints against annotation and fitted body."""
        image_joints = output.image_joints * IMAGE_GRID
        chosen = self.joint_indices
        return super().loss_operands(output, targets) | {
            'body_joint_img': (
                image_joints,
                targets.image_joints[:, chosen],
                targets.image_joints_valid[:, chosen],
            ),
            'smpl_joint_img': (
                image_joints,
                targets.fit_image_joints[:, chosen],
                targets.fit_image_joints_valid[:, chosen],
            ),
        }
