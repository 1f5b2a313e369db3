"""Joints of meshes in the sets that errors are measured on."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dpmesh_plugin.body_models.regressors import describe_missing
from dpmesh_plugin.structures import SUPERSETS, get_keypoint_set, keypoint_map

MEAN_OF_HIPS, NO_ROOT = 'mean_of_hips', 'none'
_HIPS = ('left_hip', 'right_hip')


@dataclass(frozen=True)
class JointSpec:
    """Which joints are measured, and relative to what.

    Args:
        joint_set: Keypoint set of the measured joints.
        root: A joint of that set, or of ``h36m_17`` for ``h36m_14``; ``'mean_of_hips'``; or
            ``'none'`` for positions in camera axes as they are.

    Raises:
        KeyError: unknown keypoint set or root.
    """

    joint_set: str
    root: str

    def __post_init__(self) -> None:
        names = get_keypoint_set(self.regressed_set).names
        missing = [joint for joint in self.root_joints if joint not in names]
        if missing:
            raise KeyError(
                f'{self.root!r} is not in {self.regressed_set!r}, which has: {", ".join(names)}; '
                f'a root may also be {MEAN_OF_HIPS!r} or {NO_ROOT!r}'
            )

    @property
    def regressed_set(self) -> str:
        """Set that has the measured joints and the root."""
        return SUPERSETS.get(self.joint_set, self.joint_set)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the K measured joints."""
        return get_keypoint_set(self.joint_set).names

    @property
    def root_joints(self) -> tuple[str, ...]:
        """Joints whose mean is the root; empty for none."""
        if self.root == NO_ROOT:
            return ()
        return _HIPS if self.root == MEAN_OF_HIPS else (self.root,)

    @property
    def joint_indices(self) -> list[int]:
        """The measured joints in the regressed set."""
        return keypoint_map(self.regressed_set, self.joint_set).tolist()

    def centred(self, regressed: Tensor) -> Tensor:
        """Measured joints (B, K, 3) relative to the root, from those of the regressed set."""
        joints = regressed[:, self.joint_indices]
        if not self.root_joints:
            return joints
        indices = [get_keypoint_set(self.regressed_set).index(name) for name in self.root_joints]
        return joints - regressed[:, indices].mean(dim=1, keepdim=True)


class JointRegression:
    """Joints from vertices, reading only the vertices that have a weight.

    Args:
        body_model: Body model with ``regressors``.
        keypoint_set: Set to regress.
        joints: Names of the joints wanted; all by default.

    Raises:
        KeyError: the body model has no regressor for the set.
    """

    def __init__(
        self, body_model: nn.Module, keypoint_set: str, joints: tuple[str, ...] | None = None
    ) -> None:
        available = dict(body_model.regressors.named_buffers())
        if keypoint_set not in available:
            raise KeyError(describe_missing(keypoint_set, body_model.model_id, list(available)))
        matrix = available[keypoint_set]
        if joints is not None:
            names = get_keypoint_set(keypoint_set)
            matrix = matrix[[names.index(joint) for joint in joints]]
        self._touched = matrix.any(0).nonzero()[:, 0]
        self._weights = matrix[:, self._touched].T.contiguous()

    def __call__(self, vertices: Tensor) -> Tensor:
        """Joints (B, K, 3) of vertices (B, V, 3), same unit and frame."""
        if self._touched.device != vertices.device:
            self._touched = self._touched.to(vertices.device)
            self._weights = self._weights.to(vertices.device)
        with torch.autocast(vertices.device.type, enabled=False):
            planes = vertices.mT.reshape(-1, vertices.shape[1])
            joints = planes.index_select(1, self._touched) @ self._weights
        return joints.view(len(vertices), 3, -1).mT
