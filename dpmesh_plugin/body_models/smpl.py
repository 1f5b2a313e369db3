"""SMPL as a registry component."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from dpmesh_plugin.registry import BODY_MODELS

from .body_file import read_bodies
from .body_layers import BodyLayers
from .keypoint_layers import keypoint_layers
from .keypoint_motion import KeypointMotion, keypoint_motion
from .regressors import build_regressors, describe_missing
from .smpl_layer import SMPLLayer


@BODY_MODELS.register_module()
class SMPL(BodyLayers):
    """A body in the layout of SMPL: parameters to vertices and joints, vertices to keypoints.

    Without a path it is the open body shipped with the package, which has SMPL's array shapes but
    neither its topology nor its betas; ``model_id`` tells the two apart, travels in checkpoints and
    must agree when one is loaded. The body data itself never enters a checkpoint.

    Regressors are those of the neutral body where it is loaded, else of the first gender, as in the
    published evaluation.

    Args:
        path: None for the open body; a folder with ``SMPL_NEUTRAL.npz``, ``SMPL_MALE.npz``,
            ``SMPL_FEMALE.npz`` (the licensed files after ``tools/model_converters/smpl.py``); or
            one npz file with all genders.
        genders: Genders to load, out of neutral, male, female.
        regressors: Files with further regressors by keypoint set (``h36m_17``, ``coco_17``) and
            ``extra_9`` for the top of the head; npy, or npz that names its ``model_id``.

    Raises:
        ValueError: see :func:`~.body_file.read_bodies` and :func:`~.regressors.build_regressors`.
        KeyError: as above.
        FileNotFoundError: as above.

    Source: Loper et al., SIGGRAPH Asia 2015; joints as in the DPMesh release.
    """

    def __init__(
        self,
        *,
        path: str | Path | None = None,
        genders: Sequence[str] = ('neutral',),
        regressors: Mapping[str, str | Path] | None = None,
    ) -> None:
        bodies = read_bodies(path, genders)
        super().__init__(layers={name: SMPLLayer.from_file(body) for name, body in bodies.items()})
        body = bodies['neutral' if 'neutral' in bodies else genders[0]]
        self.model_id = body.model_id
        self.landmarks = body.landmarks
        self.register_buffer('faces', torch.from_numpy(body.faces), persistent=False)
        parts = torch.from_numpy(body.weights).argmax(1)
        self.register_buffer('vertex_parts', parts, persistent=False)
        flip = None if body.flip_vertices is None else torch.from_numpy(body.flip_vertices)
        self.register_buffer('flip_vertices', flip, persistent=False)
        self.regressors = nn.Module()
        for name, matrix in build_regressors(body, regressors or {}).items():
            self.regressors.register_buffer(name, torch.from_numpy(matrix), persistent=False)
        # Filled on first use, and therefore no child module: whoever walks the buffers of this
        # module and of a copy side by side (EMA does) must meet the same ones in both.
        self._keypoint_bodies: dict[str, tuple[BodyLayers, Tensor]] = {}

    @property
    def keypoint_sets(self) -> list[str]:
        """Keypoint sets this body model can give."""
        return [name for name, _ in self.regressors.named_buffers()]

    def regress(self, vertices: Tensor, keypoint_set: str) -> Tensor:
        """Keypoints of meshes.

        Args:
            vertices: Vertices of this body model ``(B, V, 3)``, any unit and frame.
            keypoint_set: Name of the set, for example ``'dpmesh_30'``.

        Returns:
            Keypoints ``(B, K, 3)``, same unit and frame.

        Raises:
            KeyError: unknown set, or one without a regressor for this body model.
            ValueError: the number of vertices is not that of this body model.
        """
        matrix = self._regressor(keypoint_set)
        if vertices.ndim != 3 or vertices.shape[1:] != (self.num_vertices, 3):
            raise ValueError(
                f'body model {self.model_id} regresses from vertices (B, {self.num_vertices}, 3), '
                f'got {tuple(vertices.shape)}.'
            )
        with torch.autocast(vertices.device.type, enabled=False):
            return matrix.to(vertices.dtype) @ vertices

    def keypoints(
        self,
        *,
        keypoint_set: str,
        global_orient: Tensor,
        body_pose: Tensor,
        betas: Tensor,
        transl: Tensor | None = None,
        gender: str | Sequence[str] = 'neutral',
    ) -> Tensor:
        """Keypoints of posed bodies, without their meshes.

        Equals ``regress(forward(...).vertices, keypoint_set)``.

        Args:
            keypoint_set: Name of the set.
            global_orient: Root axis-angle ``(B, 3)``, radians.
            body_pose: Axis-angle of joints 1 to 23 ``(B, 23, 3)``, radians.
            betas: Shape coefficients ``(B, 10)``.
            transl: Translation ``(B, 3)``, m.
            gender: One for all samples, or one per sample.

        Returns:
            Keypoints ``(B, K, 3)``, m.

        Raises:
            KeyError: unknown keypoint set or gender.
            ValueError: a shape is wrong.
        """
        body, matrix = self._keypoint_body(keypoint_set)
        output = body(
            global_orient=global_orient,
            body_pose=body_pose,
            betas=betas,
            transl=transl,
            gender=gender,
        )
        with torch.autocast(output.vertices.device.type, enabled=False):
            return matrix @ output.vertices

    def keypoint_motion(
        self, *, keypoint_set: str, rotations: Tensor, betas: Tensor, gender: str = 'neutral'
    ) -> KeypointMotion:
        """Keypoints of posed bodies and how they move with the joints, in float32.

        Args:
            keypoint_set: Name of the set.
            rotations: Rotations relative to the parent ``(B, 24, 3, 3)``, root first.
            betas: Shape coefficients ``(B, 10)``.
            gender: Of all samples.

        Raises:
            KeyError: unknown keypoint set or gender.
        """
        body, matrix = self._keypoint_body(keypoint_set)
        with torch.autocast(betas.device.type, enabled=False):
            return keypoint_motion(body.layers[gender], matrix, rotations, betas)

    def get_extra_state(self) -> Tensor:
        """The model id as bytes, so that every checkpoint names its body model."""
        return torch.tensor(list(self.model_id.encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        """Refuse a checkpoint that was made with another body model.

        Raises:
            ValueError: the ids differ; the message names both.
        """
        stored = bytes(state.tolist()).decode()
        if stored != self.model_id:
            raise ValueError(
                f'the checkpoint was made with body model {stored!r}, this one is '
                f'{self.model_id!r}: same array shapes, different bodies. Build the model with the '
                "checkpoint's body model (`path` of SMPL)."
            )

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> 'SMPL':
        """Move or convert the buffers; the parts cut out of them are cut anew."""
        self._keypoint_bodies.clear()
        return super()._apply(fn, recurse)

    def _keypoint_body(self, keypoint_set: str) -> tuple[BodyLayers, Tensor]:
        if keypoint_set not in self._keypoint_bodies:
            matrix = self._regressor(keypoint_set)
            self._keypoint_bodies[keypoint_set] = keypoint_layers(self.layers, matrix)
        return self._keypoint_bodies[keypoint_set]

    def _regressor(self, keypoint_set: str) -> Tensor:
        matrix = dict(self.regressors.named_buffers()).get(keypoint_set)
        if matrix is None:
            raise KeyError(describe_missing(keypoint_set, self.model_id, self.keypoint_sets))
        return matrix
