"""Dense supervision of a feature map: what part of the body lies where, and how deep."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F

from dpmesh_plugin.geometry.crop import crop_projection, nearest_points
from dpmesh_plugin.registry import BODY_MODELS, MODELS
from dpmesh_plugin.structures import SMPL_FIELDS, MeshDataSample, list_meta, stack_field

from .crop_camera import image_cameras

PARAMETERS = (*SMPL_FIELDS, 'transl')
FACTORS = {'mask': 1.0, 'depth': 8.0, 'place': 6.0}
"""Weights of the terms: a cross entropy, and two absolute errors in metres."""
CHANNELS = 5


@MODELS.register_module()
class BodySurfaceHead(BaseModule):
    """Auxiliary head that reads the surface of the body off a feature map, in training only.

    For every cell: whether the body covers it, the depth of its nearest surface from the pelvis,
    and which place of the body that is, as its position in the rest pose. The target is the
    annotated body alone, also where something hides it, so that the map must tell where hidden
    limbs are. Every cell of the map gives ``cells`` x ``cells`` finer ones.

    Dense supervision beside the regression is that of PyMAF (Zhang et al., ICCV 2021,
    arXiv:2103.16507), which has texture coordinates in the place of rest positions.

    Args:
        in_channels: Channels of the map.
        body_model: Config or module of the body model of the annotations.
        cells: Finer cells per cell of the map, along each side.
        factors: Weights of the terms ``mask``, ``depth`` and ``place``, over ``FACTORS``.
        input_size: Side of the crop, px.
        init_cfg: Initialisation as in mmengine.

    Raises:
        ValueError: a factor of a term that does not exist.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        body_model: dict | nn.Module,
        cells: int = 4,
        factors: Mapping[str, float] | None = None,
        input_size: int = 256,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        unknown = sorted(set(factors or ()) - set(FACTORS))
        if unknown:
            raise ValueError(f'factors names {unknown}; the terms are {", ".join(FACTORS)}')
        self.body_model = BODY_MODELS.build_part(body_model)
        self.factors = {**FACTORS, **(factors or {})}
        self.input_size = input_size
        self._rest: Tensor | None = None
        self.predict_cells = nn.Sequential(
            nn.Conv2d(in_channels, CHANNELS * cells**2, kernel_size=1), nn.PixelShuffle(cells)
        )

    def forward(self, feats: Tensor) -> Tensor:
        """Predict the surface.

        Args:
            feats: (B, in_channels, h, w).

        Returns:
            (B, 5, h * cells, w * cells): logit of being covered, depth from the pelvis, m, and
            x, y, z in the rest pose, m.
        """
        return self.predict_cells(feats).float()

    def loss(self, feats: Tensor, data_samples: Sequence[MeshDataSample]) -> dict[str, Tensor]:
        """Terms of the loss; samples without valid body parameters do not count.

        Args:
            feats: (B, in_channels, h, w).
            data_samples: B samples with SMPL parameters and the metainfo ``gender, warp_mat,
                focal_length, principal_point``.
        """
        predicted = self(feats)
        covered, surface, valid = self.targets(data_samples, predicted)
        count = valid.sum().clamp(min=1)
        mask = F.binary_cross_entropy_with_logits(predicted[:, 0], covered, reduction='none')
        error = (predicted[:, 1:] - surface).abs() * (covered * valid[:, None, None])[:, None]
        terms = {
            'mask': (mask.mean(dim=(1, 2)) * valid).sum() / count,
            'depth': error[:, 0].mean(dim=(1, 2)).sum() / count,
            'place': error[:, 1:].mean(dim=(1, 2, 3)).sum() / count,
        }
        return {f'loss_surface_{name}': self.factors[name] * term for name, term in terms.items()}

    @torch.no_grad()
    def targets(
        self, data_samples: Sequence[MeshDataSample], like: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The surfaces of the annotated bodies.

        Args:
            data_samples: As in :meth:`loss`.
            like: (B, ..., h, w) of the size and on the device of the targets.

        Returns:
            Covered cells (B, h, w) in {0, 1}; depth and rest position (B, 4, h, w), m, zero where
            nothing is covered; validity of the samples (B,).
        """
        parameters = {
            name: stack_field(data_samples, 'gt_instances', name).to(like) for name in PARAMETERS
        }
        body = self.body_model(**parameters, gender=list_meta(data_samples, 'gender'))
        projection = crop_projection(**image_cameras(data_samples)).to(like)
        projected = body.vertices @ projection.transpose(1, 2)
        depth, size = body.vertices[..., 2], like.shape[-1]
        found = nearest_points(
            projected[..., :2] / projected[..., 2:],
            depth,
            size=size,
            stride=self.input_size / size,
        )
        chosen = found.clamp(min=0)
        covered = (found >= 0).to(like)
        nearest = depth.gather(1, chosen.flatten(1)).unflatten(1, chosen.shape[1:])
        deep = nearest - body.joints[:, 0, 2, None, None]
        place = self._rest_pose(parameters)[chosen].movedim(-1, 1)
        surface = torch.cat([deep[:, None], place], dim=1)
        valid = stack_field(data_samples, 'gt_instances', 'smpl_valid').to(like)
        return covered, surface * covered[:, None], valid

    def _rest_pose(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """Vertices (V, 3) of the mean body in the rest pose, m, computed once.

        Args:
            parameters: Of any bodies (B, ...), on the device of the result.
        """
        if self._rest is None:
            zeros = {name: torch.zeros_like(each[:1]) for name, each in parameters.items()}
            self._rest = self.body_model(**zeros, gender=self.body_model.genders[0]).vertices[0]
        return self._rest.to(parameters['betas'].device)
