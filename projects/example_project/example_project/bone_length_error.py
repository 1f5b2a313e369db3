"""A metric from outside the package."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor, nn

from dpmesh_plugin.registry import BODY_MODELS, METRICS
from dpmesh_plugin.structures import SMPL_FIELDS, get_keypoint_set

MM_PER_M = 1000.0


@METRICS.register_module()
class BoneLengthError(BaseMetric):
    """Mean difference of the lengths of predicted and true bones, in mm, without any alignment.

    Where a body stands and how it is turned does not count, only its proportions do.

    Args:
        body_model: Body model of the annotations, or its config.
        keypoint_set: Set whose bones are measured; that of ``joints`` of the predictions.
        collect_device: ``'cpu'`` or ``'gpu'``: how results travel between processes.
        prefix: Put before the name of the value.
    """

    default_prefix = ''

    def __init__(
        self,
        *,
        body_model: nn.Module | dict,
        keypoint_set: str = 'dpmesh_30',
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.body_model = BODY_MODELS.build_part(body_model)
        self.keypoint_set = keypoint_set
        self.bones = torch.tensor(get_keypoint_set(keypoint_set).links)

    @torch.no_grad()
    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Measure every sample; ``data_batch`` is not used.

        Args:
            data_batch: Not used.
            data_samples: Dicts with ``gender``, ``gt_instances`` (``global_orient`` (1, 3),
                ``body_pose`` (1, 23, 3), ``betas`` (1, 10)) and ``pred_instances`` (``joints``
                (1, K, 3), m).
        """
        for sample in data_samples:
            truth = {
                name: torch.as_tensor(sample['gt_instances'][name]).float().cpu()
                for name in SMPL_FIELDS
            }
            true_joints = self.body_model.keypoints(
                keypoint_set=self.keypoint_set, gender=sample['gender'], **truth
            )
            predicted = sample['pred_instances']['joints'].float().cpu()
            error = (self.lengths(predicted) - self.lengths(true_joints)).abs().mean()
            self.results.append(float(error) * MM_PER_M)

    def lengths(self, joints: Tensor) -> Tensor:
        """Lengths (B, L) of the bones between joints (B, K, 3), in their unit."""
        start, end = joints[:, self.bones[:, 0]], joints[:, self.bones[:, 1]]
        return (end - start).norm(dim=-1)

    def compute_metrics(self, results: list[float]) -> dict[str, float]:
        """Average over samples."""
        return {'BoneLengthError': sum(results) / len(results)}
