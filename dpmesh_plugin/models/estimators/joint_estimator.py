"""What the baselines without a mesh share: joints from keypoints, or from nothing."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.structures import InstanceData
from torch import Tensor, nn

from dpmesh_plugin.registry import BODY_MODELS
from dpmesh_plugin.structures import (
    SMPL_FIELDS,
    SUPERSETS,
    MeshDataSample,
    get_keypoint_set,
    keypoint_map,
    list_meta,
    stack_field,
)

from .mesh_estimator import Mode


class SamplesOnly(BaseDataPreprocessor):
    """Hands a batch on: what a model reads of samples is moved when it is stacked."""

    def forward(self, data: dict, training: bool = False) -> dict:
        """The batch as it is.

        Args:
            data: ``data_samples`` and possibly crops.
            training: Not used.
        """
        return data


class JointEstimator(BaseModel):
    """Model that predicts joints alone, for comparison with models of meshes.

    Its targets are the joints that ``MeshMetric`` measures: regressed from the annotated body of
    the person's gender, relative to the pelvis. ``JointMetric`` measures its predictions.

    Args:
        body_model: Config or module of the body model of the annotations.
        joint_set: Keypoint set that is predicted.
        init_cfg: Initialisation as in mmengine.
    """

    def __init__(
        self,
        *,
        body_model: dict | nn.Module,
        joint_set: str = 'h36m_14',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=SamplesOnly(), init_cfg=init_cfg)
        self.body_model = BODY_MODELS.build_part(body_model)
        self.joint_set = joint_set
        self._regressed_set = SUPERSETS.get(joint_set, joint_set)
        self._joint_indices = keypoint_map(self._regressed_set, joint_set).tolist()
        self._pelvis = get_keypoint_set(self._regressed_set).index('pelvis')

    @abstractmethod
    def regress(self, data_samples: Sequence[MeshDataSample]) -> Tensor:
        """Joints (B, K, 3) relative to the pelvis, m, camera axes."""

    def forward(
        self,
        inputs: Tensor | None = None,
        data_samples: Sequence[MeshDataSample] | None = None,
        mode: Mode = 'tensor',
    ) -> dict[str, Tensor] | list[MeshDataSample] | Tensor:
        """Run the model.

        Args:
            inputs: Not looked at: pipelines with and without pictures serve the same.
            data_samples: B samples.
            mode: ``'loss'``: the mean distance from the true joints, m; ``'predict'``: the samples
                with ``pred_instances.joints`` (1, K, 3); ``'tensor'``: joints (B, K, 3).

        Raises:
            ValueError: unknown mode, or no samples.
        """
        if mode not in ('loss', 'predict', 'tensor') or not data_samples:
            count = len(data_samples or ())
            raise ValueError(
                "expected mode 'loss', 'predict' or 'tensor' and at least one data sample, got "
                f'{mode!r} and {count} samples'
            )
        joints = self.regress(data_samples)
        if mode == 'loss':
            return {'loss_joints': (joints - self.true_joints(data_samples)).norm(dim=-1).mean()}
        if mode == 'tensor':
            return joints
        for sample, prediction in zip(data_samples, joints.split(1), strict=True):
            sample.pred_instances = InstanceData(joints=prediction)
        return list(data_samples)

    @torch.no_grad()
    def true_joints(self, data_samples: Sequence[MeshDataSample]) -> Tensor:
        """Joints (B, K, 3) of the annotated bodies relative to the pelvis, m, camera axes.

        Args:
            data_samples: B samples with the body parameters and the metainfo ``gender``.
        """
        device = next(self.parameters()).device
        parameters = {
            field: stack_field(data_samples, 'gt_instances', field).to(device)
            for field in SMPL_FIELDS
        }
        regressed = self.body_model.keypoints(
            **parameters,
            gender=list_meta(data_samples, 'gender'),
            keypoint_set=self._regressed_set,
        )
        return regressed[:, self._joint_indices] - regressed[:, [self._pelvis]]
