"""Joint errors of models that predict no mesh."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dpmesh_plugin.registry import METRICS
from dpmesh_plugin.structures import SMPL_FIELDS

from .joint_regression import NO_ROOT
from .mesh_metric import MeshMetric
from .sample_batch import Needs, SampleBatch
from .sample_errors import MeshComparison
from .summary import OCCLUSION_BINS
from .true_meshes import on_device

JOINT_METRICS = ('MPJPE', 'PA-MPJPE', '3DPCK', 'AUC')


@METRICS.register_module()
class JointMetric(MeshMetric):
    """Errors of predicted joints, with the targets, means and protocol of :class:`MeshMetric`.

    Predictions are ``pred_instances.joints`` (1, K, 3), m, camera axes, in the joints of
    ``joint_set`` and relative to the pelvis, as those of ``JointEstimator``. There are no vertex
    errors.

    Args:
        body_model: See :class:`MeshMetric`.
        joint_set: Keypoint set of predictions and errors.
        root: Joint that both sides are centred on, or ``'mean_of_hips'``.
        metrics: Which to compute, out of :data:`JOINT_METRICS`.
        occlusion_bins: See :class:`MeshMetric`.
        visibility_set: See :class:`MeshMetric`.
        out_file: See :class:`MeshMetric`.
        collect_device: See :class:`MeshMetric`.
        collect_dir: See :class:`MeshMetric`.
        prefix: See :class:`MeshMetric`.

    Raises:
        KeyError: unknown keypoint set or root.
        ValueError: a metric that needs a mesh or a place in the image, or ``root='none'``.
    """

    def __init__(
        self,
        *,
        body_model: nn.Module | dict,
        joint_set: str = 'h36m_14',
        root: str = 'pelvis',
        metrics: Sequence[str] = JOINT_METRICS,
        occlusion_bins: Sequence[float] = OCCLUSION_BINS,
        visibility_set: str = 'dpmesh_30',
        out_file: str | None = None,
        collect_device: str = 'cpu',
        collect_dir: str | None = None,
        prefix: str | None = None,
    ) -> None:
        refused = sorted({*metrics} - {*JOINT_METRICS})
        if refused or root == NO_ROOT:
            raise ValueError(
                f'joints relative to the pelvis give {", ".join(JOINT_METRICS)} about a root, got '
                f'metrics {list(metrics)} and root {root!r}: MeshMetric measures meshes'
            )
        super().__init__(
            body_model=body_model,
            joint_set=joint_set,
            root=root,
            metrics=metrics,
            occlusion_bins=occlusion_bins,
            visibility_set=visibility_set,
            out_file=out_file,
            collect_device=collect_device,
            collect_dir=collect_dir,
            prefix=prefix,
        )

    def _choose_needs(self, visibility_set: str) -> Needs:
        """What is read of samples: joints."""
        (spec,) = self._specs
        return Needs(visibility_set, joints=len(spec.names))

    def _build_comparison(self, visibility_set: str) -> MeshComparison:
        """What measures them."""
        return JointComparison(
            body_model=self.body_model,
            specs=self._specs,
            visibility_set=visibility_set,
            vertices=False,
        )


class JointComparison(MeshComparison):
    """Measures predicted joints of one set."""

    def _compare_meshes(self, batch: SampleBatch) -> dict[str, Tensor]:
        """Joints (B, K, 3) of both sides in the regressed set, m, in double precision.

        Joints that are not predicted are zero, the pelvis too, where it is not of the set.
        """
        (spec,) = self.specs
        body_model = on_device(self.body_model, batch.points.device)
        true = body_model.keypoints(
            keypoint_set=spec.regressed_set,
            gender=batch.gender,
            **{name: batch.parameters[name] for name in SMPL_FIELDS},
        )
        predicted = torch.zeros_like(true)
        predicted[:, spec.joint_indices] = batch.points
        sides = {'predicted': predicted, 'true': true}
        return {
            f'{side}/{spec.regressed_set}': joints.cpu().double() for side, joints in sides.items()
        }
