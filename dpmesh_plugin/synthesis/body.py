"""Posing bodies for the scene generator, one at a time and without gradients."""

from dataclasses import dataclass

import numpy as np
import torch

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.structures import with_derived_joints

GENDERS = ('male', 'female', 'neutral')
# Parameters are rounded before the body is posed, so that the file holds what was rendered.
DECIMALS = 5


@dataclass(frozen=True, kw_only=True)
class BodyParameters:
    """SMPL parameters of one body.

    Args:
        pose: (24, 3) axis-angle in radians, the root first.
        betas: (10,) shape coefficients.
        gender: One of ``GENDERS``.
    """

    pose: np.ndarray
    betas: np.ndarray
    gender: str


class BodyPoser:
    """The three genders of a body model with what the generator needs of the rest pose.

    Args:
        body_model: An :class:`SMPL` with male, female and neutral bodies.

    Attributes:
        faces: (F, 3) int32.
        rest_vertices: (V, 3) of the mean neutral body, metres, y up.
        rest_joints: (24, 3) likewise.
        parts: (V,) number of the joint that moves a vertex most.
        regressor: (30, V) of the keypoint set ``dpmesh_30``.
    """

    def __init__(self, body_model: SMPL | None = None) -> None:
        self.model = SMPL(genders=GENDERS) if body_model is None else body_model
        self.faces = self.model.faces.numpy().astype(np.int32)
        self.parts = self.model.vertex_parts.numpy()
        self.parents = self.model.parents
        self.regressor = self.model.regressors.dpmesh_30.numpy()
        self._touched = _nonzero_columns(self.regressor)
        self._detector_touched = _nonzero_columns(self.model.regressors.coco_17.numpy())
        rest = BodyParameters(pose=np.zeros((24, 3)), betas=np.zeros(10), gender='neutral')
        self.rest_vertices, self.rest_joints = self._forward(rest)

    def pose(self, body: BodyParameters) -> np.ndarray:
        """Vertices (V, 3) in metres in the axes of the root rotation, without translation."""
        return self._forward(body)[0]

    def keypoints(self, vertices: np.ndarray) -> np.ndarray:
        """The joints (30, 3) of the keypoint set ``dpmesh_30`` of a mesh (V, 3)."""
        columns, weights = self._touched
        return weights @ vertices[columns]

    def detector_keypoints(self, vertices: np.ndarray) -> np.ndarray:
        """The joints (19, 3) of the keypoint set ``coco_19`` of a mesh (V, 3)."""
        columns, weights = self._detector_touched
        coco = weights @ vertices[columns]
        return with_derived_joints(coco, np.ones(len(coco)), 'coco_17')[0]

    def _forward(self, body: BodyParameters) -> tuple[np.ndarray, np.ndarray]:
        pose = torch.from_numpy(np.asarray(body.pose, np.float32))[None]
        betas = torch.from_numpy(np.asarray(body.betas, np.float32))[None]
        with torch.inference_mode():
            output = self.model(
                global_orient=pose[:, 0], body_pose=pose[:, 1:], betas=betas, gender=body.gender
            )
        return output.vertices[0].numpy(), output.joints[0].numpy()


def _nonzero_columns(regressor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (N,) of the vertices a regressor uses, and its part (K, N) for them."""
    columns = np.flatnonzero(regressor.any(axis=0))
    return columns, np.ascontiguousarray(regressor[:, columns], dtype=np.float64)


def sample_betas(rng: np.random.Generator) -> np.ndarray:
    """Shape coefficients (10,), normally distributed and cut at 2.5."""
    return rng.normal(size=10).clip(-2.5, 2.5).round(DECIMALS)
