"""Meshes of annotated bodies, many at a time."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.body_models import BodyLayers
from dpmesh_plugin.body_models.lbs import posed_transforms, shape_coefficients
from dpmesh_plugin.body_models.smpl_layer import SMPLLayer
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix

# Samples whose blended transforms are held at a time: what fits the caches of a core.
_SKINNED_AT_ONCE = 16


class TrueMeshes:
    """Vertices of annotated bodies, without gradients.

    On a CPU they equal ``body_model(...).vertices`` to rounding at a third of the time. The matrix
    products are NumPy's: its OpenBLAS needs half the time of PyTorch's MKL on AMD processors, and
    writes into memory that is used again and again, for fresh memory costs as much as the work.

    Args:
        body_model: Body model.
    """

    def __init__(self, body_model: nn.Module) -> None:
        self.body_model = body_model
        self._memory: dict[str, np.ndarray] = {}

    def __call__(self, parameters: Mapping[str, Tensor], gender: str) -> Tensor:
        """Vertices of bodies of one gender.

        Args:
            parameters: ``global_orient`` (B, 3), ``body_pose`` (B, 23, 3), rad, ``betas`` (B, 10).
            gender: Gender of all bodies.

        Returns:
            Vertices (B, V, 3), m, a view of (B, 3, V) memory that holds until the next call.

        Raises:
            KeyError: the gender was not loaded.
        """
        device = parameters['betas'].device
        model = on_device(self.body_model, device)
        known = isinstance(model, BodyLayers) and gender in model.genders
        if not known or device.type != 'cpu':
            return model(**parameters, gender=gender).vertices.mT.contiguous().mT
        pose = torch.cat([parameters['global_orient'][:, None], parameters['body_pose']], dim=1)
        return self._pose(model.layers[gender], pose, parameters['betas']).mT

    def _pose(self, layer: SMPLLayer, pose: Tensor, betas: Tensor) -> Tensor:
        """Vertices (B, 3, V) of bodies of one gender."""
        rotations = axis_angle_to_matrix(pose)
        coefficients = shape_coefficients(betas, rotations)
        shape = coefficients[:, : len(layer.joint_directions)]
        rest_joints = (shape @ layer.joint_directions.flatten(1)).unflatten(1, (-1, 3))
        _, transforms = posed_transforms(rotations, rest_joints, layer.parents)
        directions, weights = layer.directions.flatten(1).numpy(), layer.weights.numpy()
        rest, posed = (
            self._array(name, len(pose), directions.shape[1]) for name in ('rest', 'posed')
        )
        np.matmul(coefficients.numpy(), directions, out=rest)
        rest, posed = (torch.from_numpy(x).view(len(pose), 3, -1) for x in (rest, posed))
        # (3, B, 4, J): what the rows of the output need lies together.
        rows = transforms.permute(2, 0, 3, 1).contiguous().numpy()
        for start in range(0, len(pose), _SKINNED_AT_ONCE):
            part = slice(start, start + _SKINNED_AT_ONCE)
            points = rest[part]
            for row, out in zip(rows[:, part], posed[part].unbind(1), strict=True):
                factors = self._array('blended', 4 * len(row), weights.shape[1])
                np.matmul(row.reshape(-1, len(weights)), weights, out=factors)
                x, y, z, shift = torch.from_numpy(factors).view(len(row), 4, -1).unbind(1)
                torch.addcmul(shift, x, points[:, 0], out=out)
                out.addcmul_(y, points[:, 1]).addcmul_(z, points[:, 2])
        return posed

    def _array(self, name: str, rows: int, columns: int) -> np.ndarray:
        """Memory for (rows, columns) numbers, whatever is in it."""
        held = self._memory.get(name)
        if held is None or held.shape[0] < rows or held.shape[1] != columns:
            held = self._memory[name] = np.empty((rows, columns), np.float32)
        return held[:rows]


def on_device(body_model: nn.Module, device: torch.device) -> nn.Module:
    """The body model, moved only if it is elsewhere: a move discards what it has prepared."""
    buffer = next(body_model.buffers(), None)
    if buffer is not None and buffer.device != device:
        body_model.to(device)
    return body_model
