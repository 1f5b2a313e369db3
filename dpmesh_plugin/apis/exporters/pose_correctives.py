"""What skinning alone does not show: how the skin of a body changes with pose and shape.

SMPL adds 207 displacements to the body at rest, weighted by the entries of the joint rotations.
Animation formats have displacements with a weight per frame (morph targets), so the frames of one
track are summed up by few of them: the principal components of the displacements that occur.
"""

import torch
from torch import Tensor, nn

from dpmesh_plugin.body_models.lbs import shape_coefficients
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix

from .person_track import PersonTrack

_FRAMES_AT_ONCE = 32


def pose_correctives(
    track: PersonTrack, body_model: nn.Module, *, tolerance: float, limit: int
) -> tuple[Tensor, Tensor]:
    """Morph targets of one person: the mean of the displacements, then what varies most.

    Besides the displacements of the pose they hold what the shape of a frame differs from the mean
    shape by, where the shape changes. As few are kept as bring every vertex of every frame within
    ``tolerance`` of its place at rest.

    Args:
        track: The person, in T frames.
        body_model: The body model of its parameters.
        tolerance: m.
        limit: Largest number of targets K, also where it misses the tolerance; at least 1.

    Returns:
        Displacements (K, V, 3), m; and their weights (T, K) between 0 and 1, as some programs clip
        what lies outside. The first weight is always 1.
    """
    layer = body_model.layers['neutral']
    coefficients = _coefficients(track)
    # Orthonormal directions, so that the components of the coefficients are those of the mesh.
    basis, mixing = torch.linalg.qr(_directions(layer).double().flatten(1).T)
    mixed = coefficients @ mixing.T
    mean = mixed.mean(0, keepdim=True)
    frames, sizes, components = torch.linalg.svd(mixed - mean, full_matrices=False)
    weights, targets = frames * sizes, components @ basis.T
    count = _sufficient(weights, targets, tolerance, limit - 1)
    weights, targets = weights[:, :count], targets[:count]
    lowest, extent = weights.amin(0), weights.amax(0) - weights.amin(0)
    offset = mean @ basis.T + lowest[None] @ targets
    targets = torch.cat((offset, targets * extent[:, None]))
    always = weights.new_ones(len(weights), 1)
    weights = torch.cat((always, (weights - lowest) / extent), dim=1)
    return targets.unflatten(1, (3, -1)).transpose(1, 2), weights


def _coefficients(track: PersonTrack) -> Tensor:
    """Factors (T, 10 + 207) of the directions: shape against the mean shape, and pose."""
    rotations = axis_angle_to_matrix(torch.cat((track.global_orient[:, None], track.body_pose), 1))
    shape = (track.betas - track.betas.mean(0)).double()
    return shape_coefficients(shape, rotations.double())[:, 1:]


def _directions(layer: nn.Module) -> Tensor:
    """Displacements (10 + 207, 3, V) relative to the joints that carry each vertex.

    A joint that moves with the shape takes its vertices along, so that much is already done.
    """
    directions = layer.directions[1:].clone()
    carried = layer.joint_directions[1:].transpose(1, 2) @ layer.weights
    directions[: len(carried)] -= carried
    return directions


def _sufficient(weights: Tensor, targets: Tensor, tolerance: float, limit: int) -> int:
    """The smallest number of targets that keeps every vertex within the tolerance."""
    low, high = 0, min(limit, len(targets))
    while low < high:
        middle = (low + high) // 2
        if _residual(weights[:, middle:], targets[middle:]) > tolerance:
            low = middle + 1
        else:
            high = middle
    return low


def _residual(weights: Tensor, targets: Tensor) -> float:
    """The longest displacement of a vertex that these targets make up, m."""
    longest = [
        (rows @ targets).unflatten(1, (3, -1)).square().sum(1).max()
        for rows in weights.split(_FRAMES_AT_ONCE)
    ]
    return float(torch.stack(longest).max().sqrt())
