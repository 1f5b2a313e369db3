"""The mean pose for everybody."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.structures import MeshDataSample, get_keypoint_set

from .joint_estimator import JointEstimator


@MODELS.register_module()
class MeanPoseEstimator(JointEstimator):
    """Predicts the mean of the joints it was trained with: what every model must beat.

    The mean is that of positions relative to the pelvis in camera axes. It is added up, not
    learnt: one epoch of any batch size is exact, and the optimiser makes no step. One process does
    it: :meth:`train_step` is what a distributed model does not call.

    Args:
        body_model: See :class:`JointEstimator`.
        joint_set: See :class:`JointEstimator`.
        init_cfg: Initialisation as in mmengine.
    """

    def __init__(
        self,
        *,
        body_model: dict | nn.Module,
        joint_set: str = 'h36m_14',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(body_model=body_model, joint_set=joint_set, init_cfg=init_cfg)
        self.mean = nn.Parameter(torch.zeros(get_keypoint_set(joint_set).num, 3))
        self.register_buffer('count', torch.zeros((), dtype=torch.int64))

    def regress(self, data_samples: Sequence[MeshDataSample]) -> Tensor:
        """The mean joints (B, K, 3), m, camera axes.

        Raises:
            RuntimeError: it is about to be trained by gradients.
        """
        if self.training and torch.is_grad_enabled():
            raise RuntimeError(
                'expected training by train_step in one process, which adds up the mean; got a '
                'pass for gradients, as distributed training makes it: leave out --launcher'
            )
        return self.mean.expand(len(data_samples), -1, -1)

    def train_step(self, data: Mapping[str, Any], optim_wrapper: OptimWrapper) -> dict[str, Tensor]:
        """Add a batch to the mean.

        Args:
            data: Batch with ``data_samples``.
            optim_wrapper: Not used.

        Returns:
            The loss under the mean of before, for the log.
        """
        data = self.data_preprocessor(data, True)
        with torch.no_grad():
            losses = self(**data, mode='loss')
            joints = self.true_joints(data['data_samples'])
            self.count += len(joints)
            self.mean += (joints - self.mean).sum(dim=0) / self.count
        return self.parse_losses(losses)[1]
