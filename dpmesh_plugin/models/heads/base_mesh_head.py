"""What all heads share: the body behind the raw outputs, its camera, losses and predictions."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from torch import Tensor, nn

from dpmesh_plugin.models.losses.mesh_loss import Operands, published_terms
from dpmesh_plugin.registry import BODY_MODELS, MODELS
from dpmesh_plugin.structures import KeypointPrompt, MeshDataSample

from .aligned_output import align_output
from .crop_camera import translation_in_image
from .crop_frame import CropFrame, FocalSource, OrientFrame
from .head_output import PREDICTED_FIELDS, HeadOutput
from .loss_operands import body_operands
from .mesh_targets import MeshTargets
from .posed_body import decode_body


class BaseMeshHead(BaseModule):
    """Head that regresses a body and a camera.

    Args:
        body_model: Config or module of the body model, for example ``dict(type='SMPL')``.
        pose_decoder: Config or module that turns a latent (B, ``latent_dim``) into a body pose
            (B, 23, 3).
        objective: Config or module of the loss. None: the published terms, out of those that the
            head supplies, with weight 1.
        input_size: Side of the crop, px.
        focal_source: ``'per_sample'``: every sample has its own focal length; ``'first'``: that of
            the first sample serves the whole batch, as in the published code.
        orient_frame: Axes that the body is regressed in: ``'camera'``, those of the image's camera,
            as published, though the crop does not tell where it lies in the image; ``'ray'``,
            those of a camera that looks at the crop's centre. Losses and predictions are in those
            of the image's camera either way; ``forward`` gives what is regressed.
        alignment: Config or module that moves the body to where its joints meet the keypoints of
            the prompt (:class:`KeypointAlignment`), in losses and predictions; ``forward`` gives
            what is regressed. None: the body stays as it is regressed, as published.
        in_channels: Channels of the fused map; only an alignment needs it.
        init_cfg: Initialisation as in mmengine.

    Raises:
        ValueError: unknown focal source or frame.
        KeyError: the objective has a term that this head cannot supply.
    """

    loss_terms: tuple[str, ...] = (
        'body_joint_cam',
        'body_joint_proj',
        'smpl_pose',
        'smpl_rotation',
        'smpl_shape',
        'vertices',
    )

    def __init__(
        self,
        *,
        body_model: dict | nn.Module,
        pose_decoder: dict | nn.Module,
        objective: dict | nn.Module | None = None,
        input_size: int = 256,
        focal_source: FocalSource = 'per_sample',
        orient_frame: OrientFrame = 'camera',
        alignment: dict | nn.Module | None = None,
        in_channels: int | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.input_size = input_size
        self.frame = CropFrame(
            input_size=input_size, focal_source=focal_source, orient_frame=orient_frame
        )
        self.body_model = BODY_MODELS.build_part(body_model)
        self.pose_decoder = BODY_MODELS.build_part(pose_decoder)
        self.objective = MODELS.build_part(
            objective or {'type': 'MeshLoss', 'terms': published_terms(self.loss_terms)}
        )
        self.objective.check_terms(self.loss_terms)
        self.alignment = MODELS.build_part(alignment, in_channels=in_channels)

    @abstractmethod
    def forward(self, feats: Tensor, focal: Tensor, *, with_vertices: bool = True) -> HeadOutput:
        """Regress.

        Args:
            feats: (B, C, H, W).
            focal: (B,) focal length of the camera of the crop, px.
            with_vertices: Whether to compute the whole mesh, or only what the joints need.
        """

    def loss(
        self,
        feats: Tensor,
        data_samples: Sequence[MeshDataSample],
        prompt: KeypointPrompt | None = None,
    ) -> dict[str, Tensor]:
        """Loss terms of a batch, see :class:`MeshLoss` for their names.

        Args:
            feats: (B, C, H, W).
            data_samples: B samples with ``gt_instances``.
            prompt: See :meth:`predict`.
        """
        return self.loss_of(self.training_output(feats, data_samples, prompt), data_samples)

    def training_output(
        self,
        feats: Tensor,
        data_samples: Sequence[MeshDataSample],
        prompt: KeypointPrompt | None = None,
    ) -> HeadOutput:
        """The output that the loss needs: with vertices only where a term compares them.

        Args:
            feats: (B, C, H, W).
            data_samples: B samples with the metainfo of :meth:`predict`.
            prompt: See :meth:`predict`.
        """
        focal = self.crop_focal(data_samples, feats.device)
        view = self.frame.view(data_samples, feats.device)
        with_vertices = 'vertices' in self.objective.terms
        return self._output(feats, data_samples, prompt, focal, view, with_vertices=with_vertices)

    def loss_of(
        self, output: HeadOutput, data_samples: Sequence[MeshDataSample]
    ) -> dict[str, Tensor]:
        """Loss terms of an output.

        Args:
            output: From :meth:`training_output`.
            data_samples: B samples with ``gt_instances``.
        """
        targets = MeshTargets.from_samples(
            data_samples, input_size=self.input_size, device=output.joints.device
        )
        return self.objective(self.loss_operands(output, targets))

    def predict(
        self,
        feats: Tensor,
        data_samples: Sequence[MeshDataSample],
        prompt: KeypointPrompt | None = None,
    ) -> list[InstanceData]:
        """Predictions of a batch, one instance each: ``pred_instances`` of :class:`MeshDataSample`.

        Args:
            feats: (B, C, H, W).
            data_samples: B samples with the metainfo ``ori_shape, warp_mat, focal_length,
                principal_point``.
            prompt: Keypoints of the crops, which an alignment needs.

        Raises:
            ValueError: there is an alignment and no prompt.
        """
        focal = self.crop_focal(data_samples, feats.device)
        view = self.frame.view(data_samples, feats.device)
        output = self._output(feats, data_samples, prompt, focal, view, with_vertices=True)
        fields = {name: getattr(output, name) for name in PREDICTED_FIELDS} | {'view': view}
        fields['transl_full'] = translation_in_image(
            output.transl, focal, data_samples, input_size=self.input_size
        )
        return [
            InstanceData(**{name: value[index : index + 1] for name, value in fields.items()})
            for index in range(len(data_samples))
        ]

    def crop_focal(self, data_samples: Sequence[MeshDataSample], device: torch.device) -> Tensor:
        """Focal lengths (B,) of the cameras of the crops, px.

        Args:
            data_samples: B samples with the metainfo ``ori_shape``.
            device: Where the result goes.
        """
        return self.frame.focal(data_samples, device)

    def _output(
        self,
        feats: Tensor,
        data_samples: Sequence[MeshDataSample],
        prompt: KeypointPrompt | None,
        focal: Tensor,
        view: Tensor,
        *,
        with_vertices: bool,
    ) -> HeadOutput:
        """What is regressed, in the axes of the image's camera, and aligned with the prompt."""
        output = self(feats, focal, with_vertices=with_vertices and self.alignment is None)
        output = self.frame.in_image_axes(output, view)
        if self.alignment is None:
            return output
        if prompt is None:
            raise ValueError('this head aligns bodies with keypoints: expected a prompt, got None')
        return align_output(
            output,
            self.alignment,
            feats,
            prompt,
            data_samples,
            body_model=self.body_model,
            focal=focal,
            input_size=self.input_size,
            with_vertices=with_vertices,
        )

    def decode_body(
        self,
        *,
        orient_6d: Tensor,
        pose_latent: Tensor,
        betas: Tensor,
        camera: Tensor,
        focal: Tensor,
        with_vertices: bool,
    ) -> dict[str, Tensor | None]:
        """The body of the raw outputs, in float32 also under autocast.

        Args:
            orient_6d: (B, 6).
            pose_latent: (B, ``latent_dim``).
            betas: (B, 10).
            camera: (B, 3).
            focal: (B,) px.
            with_vertices: Whether to compute the whole mesh.

        Returns:
            All fields of :class:`HeadOutput` but ``image_joints`` and ``volume``.
        """
        raw = {'orient_6d': orient_6d, 'pose_latent': pose_latent, 'betas': betas, 'camera': camera}
        with torch.autocast(camera.device.type, enabled=False):
            return decode_body(
                {name: value.float() for name, value in raw.items()},
                focal,
                body_model=self.body_model,
                pose_decoder=self.pose_decoder,
                input_size=self.input_size,
                with_vertices=with_vertices,
            )

    def loss_operands(self, output: HeadOutput, targets: MeshTargets) -> Operands:
        """Prediction, target and validity of every loss term that is asked for."""
        return body_operands(
            output,
            targets,
            terms=self.objective.terms,
            input_size=self.input_size,
            body_model=self.body_model,
        )
