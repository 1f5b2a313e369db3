"""Errors of single samples: predicted meshes against annotated bodies."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.geometry.camera import project
from dpmesh_plugin.structures import SMPL_FIELDS, Visibility, keypoint_map

from .functional import aligned_joint_errors, image_errors, joint_errors, mpvpe, pa_mpvpe
from .joint_regression import JointRegression, JointSpec
from .sample_batch import SampleBatch
from .true_meshes import TrueMeshes, on_device

Columns = dict[str, np.ndarray]
# MPVPE brings the first joints of the kinematic trees of both meshes together.
_MESH_ROOT_SET, _MESH_ROOT = 'smpl_24', 'pelvis'
# Samples whose vertices are compared at a time: what fits the caches of a core.
_COMPARED_AT_ONCE = 16


class MeshComparison:
    """Measures batches of samples, in mm.

    The result has a row per sample and these columns, NaN where the prediction is not finite:
    those of :class:`~.sample_batch.SampleBatch`; ``vertices`` and ``aligned_vertices`` (B,), mean
    distances; and for every joint set, its name and a slash before them, ``joints``,
    ``aligned_joints`` (B, K), distances, ``visibility`` (B, K) codes, and as asked for ``image``
    (B, K), distances in the image as shares of the person's size, and ``predicted`` and ``true``
    (B, K, 3), centred joints, m.

    Args:
        body_model: Body model of annotations and predictions.
        specs: Joints to measure.
        visibility_set: Keypoint set of the visibility codes.
        vertices: Whether vertices are compared.
        aligned_vertices: Whether they are compared after an alignment of their own.
        image: Whether joints are compared in the image.
        positions: Whether joints are kept.

    Raises:
        KeyError: unknown keypoint set or root, or one without a regressor.
    """

    def __init__(
        self,
        *,
        body_model: nn.Module,
        specs: Sequence[JointSpec],
        visibility_set: str,
        vertices: bool = True,
        aligned_vertices: bool = False,
        image: bool = False,
        positions: bool = False,
    ) -> None:
        self.body_model = body_model
        self.specs = tuple(specs)
        self.image, self.positions = image, positions
        wanted = (('vertices', vertices, mpvpe), ('aligned_vertices', aligned_vertices, pa_mpvpe))
        self._vertex_functions = {name: function for name, used, function in wanted if used}
        self._regressions = {
            name: JointRegression(body_model, name)
            for name in dict.fromkeys(spec.regressed_set for spec in specs)
        }
        self._true_meshes = TrueMeshes(body_model)
        self._mesh_root = JointRegression(body_model, _MESH_ROOT_SET, (_MESH_ROOT,))
        self._visibility_maps = {
            spec.joint_set: keypoint_map(visibility_set, spec.joint_set) for spec in specs
        }

    @torch.no_grad()
    def __call__(self, batch: SampleBatch) -> Columns:
        """Errors of a batch, whose predictions become zero where they are not finite."""
        finite = _zero_diverged(batch)
        found = self._compare_meshes(batch)
        errors = {name: found[name] for name in self._vertex_functions}
        for spec in self.specs:
            joints = (found[f'{side}/{spec.regressed_set}'] for side in ('predicted', 'true'))
            measured = self._joint_errors(spec, *joints, batch)
            errors |= {f'{spec.joint_set}/{name}': value for name, value in measured.items()}
        valid = torch.where(finite, 1.0, float('nan')).cpu().double()
        columns = {
            name: (value * valid.view(-1, *(1,) * (value.ndim - 1))).numpy()
            for name, value in errors.items()
        }
        return batch.columns | columns | self._visibility(batch.columns['visibility'])

    def _compare_meshes(self, batch: SampleBatch) -> dict[str, Tensor]:
        """Vertex errors (B,), mm, and joints (B, K, 3) of both sides, m, in double precision."""
        annotated = {name: batch.parameters[name] for name in SMPL_FIELDS}
        if self._vertex_functions:
            true = self._true_meshes(annotated, batch.gender)
            pairs = zip(_parts(batch.points), _parts(true), strict=True)
            parts = [self._compare_part(*pair) for pair in pairs]
        else:
            body_model = on_device(self.body_model, batch.points.device)
            true = {
                f'true/{name}': body_model.keypoints(
                    keypoint_set=name, gender=batch.gender, **annotated
                )
                for name in self._regressions
            }
            parts = [self._regressed('predicted', part) for part in _parts(batch.points)]
        found = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        if not self._vertex_functions:
            found |= true
        return {name: value.cpu().double() for name, value in found.items()}

    def _compare_part(self, predicted: Tensor, true: Tensor) -> dict[str, Tensor]:
        moved = predicted - (self._mesh_root(predicted) - self._mesh_root(true))
        errors = {name: function(moved, true) for name, function in self._vertex_functions.items()}
        return errors | self._regressed('predicted', predicted) | self._regressed('true', true)

    def _regressed(self, side: str, vertices: Tensor) -> dict[str, Tensor]:
        return {f'{side}/{name}': regress(vertices) for name, regress in self._regressions.items()}

    def _joint_errors(
        self, spec: JointSpec, predicted: Tensor, true: Tensor, batch: SampleBatch
    ) -> dict[str, Tensor]:
        """Errors of one joint set, from the joints of the regressed set, m."""
        if 'true_shift' in batch.parameters:
            predicted = predicted + batch.parameters['predicted_shift'][:, None].cpu().double()
            true = true + batch.parameters['true_shift'][:, None].cpu().double()
        centred = spec.centred(predicted), spec.centred(true)
        measured = {
            'joints': joint_errors(*centred),
            'aligned_joints': aligned_joint_errors(*centred),
        }
        if self.positions:
            measured |= dict(zip(('predicted', 'true'), centred, strict=True))
        if self.image:
            joints = (points[:, spec.joint_indices] for points in (predicted, true))
            measured['image'] = _image_errors(*joints, batch)
        return measured

    def _visibility(self, codes: np.ndarray) -> Columns:
        """Visibility codes (B, K) of every set; unknown where nothing is known."""
        unknown = np.int8(Visibility.UNKNOWN)
        return {
            f'{name}/visibility': np.where(indices >= 0, codes[:, indices], unknown)
            for name, indices in self._visibility_maps.items()
        }


def _parts(vertices: Tensor) -> Iterator[Tensor]:
    return iter(vertices.split(_COMPARED_AT_ONCE))


def _zero_diverged(batch: SampleBatch) -> Tensor:
    """Where predictions are finite (B,); the others become zero, as alignments need numbers."""
    # A sum is not finite if one of its terms is not.
    finite = batch.points.sum((1, 2)).isfinite()
    predictions = [batch.points]
    if 'predicted_shift' in batch.parameters:
        predictions.append(batch.parameters['predicted_shift'])
        finite &= predictions[1].isfinite().all(dim=1)
    if not finite.all():
        for values in predictions:
            values[~finite] = 0
    return finite


def _image_errors(predicted: Tensor, true: Tensor, batch: SampleBatch) -> Tensor:
    """Errors (B, K) in the image of joints in camera axes; infinite behind the camera."""
    names = ('focal_length', 'principal_point')
    camera = [batch.parameters[name].cpu().double() for name in names]
    errors = image_errors(project(predicted, *camera), project(true, *camera))
    return torch.where(predicted[..., 2] > 0, errors, float('inf'))
