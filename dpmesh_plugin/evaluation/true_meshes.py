"""Meshes of annotated bodies, many at a time."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.body_models import BodyLayers
from dpmesh_plugin.body_models.lbs import posed_transforms, shape_coefficients
from dpmesh_plugin.body_models.smpl_layer import SMPLLayer
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix

# Samples whose blended transforms are held at a time: what fits the caches of a core.
_SKINNED_AT_ONCE = 16


def true_vertices(
    body_model: nn.Module,
    parameters: Mapping[str, Tensor],
    genders: Sequence[str],
) -> Tensor:
    """Vertices of annotated bodies, without gradients.

    On a CPU this equals ``body_model(...).vertices`` to rounding at a third of the time. The
    matrix products are NumPy's: its OpenBLAS needs half the time of PyTorch's MKL on AMD
    processors, and writes into memory that is reused.

    Args:
        body_model: Body model.
        parameters: ``global_orient`` (B, 3), ``body_pose`` (B, 23, 3), rad, ``betas`` (B, 10).
        genders: Gender of every body (B,).

    Returns:
        Vertices (B, V, 3), m, a view of (B, 3, V) memory.

    Raises:
        KeyError: a gender was not loaded.
    """
    device = parameters['betas'].device
    known = isinstance(body_model, BodyLayers) and not set(genders) - set(body_model.genders)
    if not known or device.type != 'cpu':
        body_model.to(device)
        return body_model(**parameters, gender=list(genders)).vertices.mT.contiguous().mT
    pose = torch.cat([parameters['global_orient'][:, None], parameters['body_pose']], dim=1)
    planes = torch.empty(len(pose), 3, body_model.num_vertices)
    for gender in dict.fromkeys(genders):
        rows = [row for row, other in enumerate(genders) if other == gender]
        everybody = len(rows) == len(genders)
        part = planes if everybody else torch.empty(len(rows), 3, body_model.num_vertices)
        _pose(body_model.layers[gender], pose[rows], parameters['betas'][rows], out=part)
        if not everybody:
            planes[rows] = part
    return planes.mT


def _pose(layer: SMPLLayer, pose: Tensor, betas: Tensor, *, out: Tensor) -> None:
    """Vertices of bodies of one gender into ``out`` (B, 3, V)."""
    rotations = axis_angle_to_matrix(pose)
    coefficients = shape_coefficients(betas, rotations)
    shape = coefficients[:, : len(layer.joint_directions)]
    rest_joints = (shape @ layer.joint_directions.flatten(1)).unflatten(1, (-1, 3))
    _, transforms = posed_transforms(rotations, rest_joints, layer.parents)
    directions, weights = layer.directions.flatten(1).numpy(), layer.weights.numpy()
    rest = np.matmul(coefficients.numpy(), directions).reshape(out.shape)
    # (3, B, 4, J): what the rows of the output need lies together.
    rows = transforms.permute(2, 0, 3, 1).contiguous().numpy()
    blended = np.empty((_SKINNED_AT_ONCE * 4, rest.shape[2]), rest.dtype)
    for start in range(0, len(rest), _SKINNED_AT_ONCE):
        part = slice(start, start + _SKINNED_AT_ONCE)
        for axis, row in enumerate(rows[:, part]):
            factors = blended[: 4 * len(row)]
            np.matmul(row.reshape(-1, len(weights)), weights, out=factors)
            x, y, z, shift = torch.from_numpy(factors).view(len(row), 4, -1).unbind(1)
            points = torch.from_numpy(rest[part])
            torch.addcmul(shift, x, points[:, 0], out=out[part, axis])
            out[part, axis].addcmul_(y, points[:, 1]).addcmul_(z, points[:, 2])
