"""Keypoints without the mesh between."""

from collections.abc import Mapping

import torch
from torch import Tensor

from .body_layers import BodyLayers
from .smpl_layer import SMPLLayer


def keypoint_layers(
    layers: Mapping[str, SMPLLayer], regressor: Tensor
) -> tuple[BodyLayers, Tensor]:
    """A small body whose few points sum up to the keypoints of a large one.

    A keypoint is a weighted sum of vertices, and a vertex a weighted sum of what the bones make of
    it. Taken together, all vertices of a keypoint that follow one bone are one point on that bone:
    their mean, weighted by the regressor and by the bone. Positive and negative weights of a
    regressor are kept apart, so that no sum of weights is close to zero.

    Args:
        layers: Layer of every gender, all with V vertices.
        regressor: Weights ``(K, V)``.

    Returns:
        The body with P points in place of vertices, and the matrix ``(K, P)`` that sums them up.
    """
    touched = regressor.any(0).nonzero()[:, 0]
    layers = {name: layer.subset(touched) for name, layer in layers.items()}
    weights = regressor[:, touched].double()
    signed = torch.stack((weights.clamp(min=0), weights.clamp(max=0)))
    shares = {
        name: torch.einsum('skv,jv->skj', signed, layer.weights.double())
        for name, layer in layers.items()
    }
    points = torch.stack(tuple(shares.values())).any(0).nonzero().unbind(1)
    sign, keypoint, bone = points
    small = {
        name: _points_on_bones(layer, signed[sign, keypoint], shares[name][points], bone)
        for name, layer in layers.items()
    }
    matrix = torch.zeros(len(regressor), len(bone), dtype=regressor.dtype, device=regressor.device)
    matrix[keypoint, torch.arange(len(bone))] = 1
    return BodyLayers(layers=small), matrix


def _points_on_bones(layer: SMPLLayer, weights: Tensor, shares: Tensor, bone: Tensor) -> SMPLLayer:
    """The layer of P points, each the mean of vertices that follow one bone.

    Args:
        layer: Layer of V vertices.
        weights: Weights of the vertices in the keypoint of each point ``(P, V)``.
        shares: Weight of each point in its keypoint ``(P,)``; zero where this gender has none.
        bone: Joint that moves each point ``(P,)``.
    """
    weights = weights * layer.weights.double()[bone]
    means = weights / torch.where(shares == 0, 1, shares)[:, None]
    skinning = torch.zeros_like(layer.weights[:, :1]).repeat(1, len(bone))
    skinning[bone, torch.arange(len(bone))] = shares.to(skinning)
    return SMPLLayer(
        directions=(layer.directions.double() @ means.T).to(layer.directions),
        joint_directions=layer.joint_directions,
        weights=skinning,
        parents=layer.parents,
    )
