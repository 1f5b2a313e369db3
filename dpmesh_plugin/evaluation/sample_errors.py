"""Errors of single samples: predicted meshes against annotated bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.structures import Visibility, get_keypoint_set, keypoint_map

from .functional import aligned_joint_errors, joint_errors, mpvpe

# The set a root is taken from where the evaluated set lacks it (the published 14 joints are 14 of
# the 17 without the pelvis they are centred on).
_SUPERSETS = {'h36m_14': 'h36m_17'}
# MPVPE centres every mesh on the first joint of its kinematic tree.
_MESH_ROOT_SET, _MESH_ROOT = 'smpl_24', 'pelvis'
_SMPL_FIELDS = ('global_orient', 'body_pose', 'betas')


@dataclass(frozen=True)
class SampleErrors:
    """Errors of one sample, NaN where the prediction is not finite.

    Args:
        sample_idx: Which sample of the data set.
        joints: (K,) distances of the centred joints, mm.
        aligned_joints: (K,) distances of the joints after Procrustes alignment, mm.
        vertices: Mean distance of the centred vertices, mm.
        visibility: (K,) codes of the joints, see :class:`~dpmesh_plugin.structures.Visibility`.
    """

    sample_idx: Any
    joints: np.ndarray
    aligned_joints: np.ndarray
    vertices: float
    visibility: np.ndarray


class MeshComparison:
    """Measures batches of samples, in mm.

    Args:
        body_model: Body model of annotations and predictions.
        joint_set: Keypoint set of the joint errors.
        root: Joint that both sides are centred on.
        visibility_set: Keypoint set of ``gt_instances.visibility``.

    Raises:
        KeyError: unknown keypoint set or root.
    """

    def __init__(
        self, *, body_model: nn.Module, joint_set: str, root: str, visibility_set: str
    ) -> None:
        self.body_model = body_model
        self._regressed_set = _SUPERSETS.get(joint_set, joint_set)
        self._root_index = get_keypoint_set(self._regressed_set).index(root)
        self._joint_indices = keypoint_map(self._regressed_set, joint_set).tolist()
        self._visibility_indices = keypoint_map(visibility_set, joint_set)

    def __call__(self, data_samples: Sequence[Mapping[str, Any]]) -> list[SampleErrors]:
        """Errors of a batch; the keys of a sample are those of :meth:`MeshMetric.process`.

        Raises:
            KeyError: a sample has no annotated body.
        """
        predicted = torch.cat([s['pred_instances']['vertices'] for s in data_samples]).float()
        # A diverged prediction counts as NaN; the alignment must not see it.
        finite = predicted.isfinite().flatten(1).all(dim=1)
        predicted = predicted.where(finite[:, None, None], 0)
        true = self._true_vertices(data_samples, like=predicted)
        joints, true_joints = self._joints(predicted), self._joints(true)
        valid = torch.where(finite.cpu(), 1.0, float('nan')).double()
        errors = joint_errors(joints, true_joints) * valid[:, None]
        aligned = aligned_joint_errors(joints, true_joints) * valid[:, None]
        vertices = mpvpe(self._centred(predicted), self._centred(true)).cpu() * valid
        return [
            SampleErrors(
                sample_idx=sample['sample_idx'],
                joints=errors[i].numpy(),
                aligned_joints=aligned[i].numpy(),
                vertices=vertices[i].item(),
                visibility=self._visibility(sample['gt_instances']),
            )
            for i, sample in enumerate(data_samples)
        ]

    def _true_vertices(self, data_samples: Sequence[Mapping[str, Any]], like: Tensor) -> Tensor:
        """Vertices (B, V, 3) of the annotated bodies, m, on the device of ``like``."""
        for sample in data_samples:
            truth = sample.get('gt_instances', {})
            missing = [field for field in _SMPL_FIELDS if field not in truth]
            if missing:
                raise KeyError(
                    f'sample {sample["sample_idx"]} ({sample.get("img_path")}) has no '
                    f'gt_instances.{missing[0]}; mesh errors need {", ".join(_SMPL_FIELDS)} of '
                    'every sample'
                )
        parameters = {
            field: torch.cat([torch.as_tensor(s['gt_instances'][field]) for s in data_samples])
            for field in _SMPL_FIELDS
        }
        self.body_model.to(like.device)
        return self.body_model(
            **{field: value.to(like) for field, value in parameters.items()},
            gender=[sample['gender'] for sample in data_samples],
        ).vertices

    def _joints(self, vertices: Tensor) -> Tensor:
        """Evaluated joints (B, K, 3) relative to the root, m, in double precision on the CPU."""
        joints = self.body_model.regress(vertices, self._regressed_set).cpu().double()
        return joints[:, self._joint_indices] - joints[:, self._root_index, None]

    def _centred(self, vertices: Tensor) -> Tensor:
        """Vertices relative to the pelvis of their own mesh."""
        joints = self.body_model.regress(vertices, _MESH_ROOT_SET)
        return vertices - joints[:, get_keypoint_set(_MESH_ROOT_SET).index(_MESH_ROOT), None]

    def _visibility(self, gt_instances: Mapping[str, Any]) -> np.ndarray:
        """Visibility codes (K,) of the evaluated joints; unknown where nothing is known."""
        codes = np.full(len(self._visibility_indices), Visibility.UNKNOWN, dtype=np.int8)
        if 'visibility' in gt_instances:
            known = self._visibility_indices >= 0
            given = np.asarray(gt_instances['visibility']).reshape(-1)
            codes[known] = given[self._visibility_indices[known]]
        return codes
