"""Which joints of a rendered person are seen, and what hides the others."""

from dataclasses import dataclass

import numpy as np

from dpmesh_plugin.structures import Visibility

# A vertex counts as hidden when something lies this much nearer, in metres.
TOLERANCE = 0.012
# A joint is hidden by its own body when less than this share of its ring is in front.
SELF_SHARE = 0.15
# It is hidden by others when they leave less than this part of what the own body leaves.
OTHERS_SHARE = 0.5
# Joints that regress from fewer vertices get a ring of all vertices this near at rest, metres.
SMALLEST_RING, RING_RADIUS = 4, 0.028
# Of larger rings about this many vertices are looked at.
ENOUGH_VERTICES = 40


@dataclass(frozen=True, kw_only=True)
class SceneBuffers:
    """The scene as the camera sees it.

    Args:
        depth: (H, W) metres, inf where nothing is.
        index: (H, W) number of the mesh in front, -1 where nothing is.
        persons: Numbers of the meshes that are people; all others are objects.
        intrinsics: (3, 3) of these buffers in px.
    """

    depth: np.ndarray
    index: np.ndarray
    persons: tuple[int, ...]
    intrinsics: np.ndarray


def joint_rings(regressor: np.ndarray, rest_vertices: np.ndarray) -> np.ndarray:
    """Weights (K, V) whose rows sum to 1: the vertices that stand for each joint.

    Args:
        regressor: (K, V); a joint's ring is every vertex it regresses from. A joint that sits on a
            single vertex (eyes, nose, ears, head top) gets the patch of skin around it.
        rest_vertices: (V, 3) metres.
    """
    rings = regressor > 0
    for row in np.flatnonzero(rings.sum(axis=1) < SMALLEST_RING):
        center = regressor[row] @ rest_vertices
        rings[row] = np.linalg.norm(rest_vertices - center, axis=1) < RING_RADIUS
    for ring in rings:
        members = np.flatnonzero(ring)
        ring[:] = False
        ring[members[:: max(len(members) // ENOUGH_VERTICES, 1)]] = True
    return rings / rings.sum(axis=1, keepdims=True)


def joint_visibility(
    vertices: np.ndarray,
    joints: np.ndarray,
    rings: np.ndarray,
    own_depth: np.ndarray,
    own_number: int,
    scene: SceneBuffers,
) -> np.ndarray:
    """Visibility code of every joint.

    Outside the image is truncated. Else other meshes decide first: a joint most of whose ring
    they cover is hidden by a person or an object, whichever covers more of it. What is left is
    hidden by the own body when hardly any of the ring is in front, and visible otherwise.

    Args:
        vertices: (V, 3) of the rendered person, camera axes, metres.
        joints: (K, 3) likewise.
        rings: (K, V) from :func:`joint_rings`.
        own_depth: (H, W) depth of this person alone.
        own_number: Number of this person in ``scene.index``.
        scene: Buffers of the whole scene.

    Returns:
        (K,) int8 codes of :class:`Visibility`.
    """
    columns = np.flatnonzero(rings.any(axis=0))
    weights, ring_vertices = rings[:, columns], vertices[columns]
    row, column, inside = _pixels(ring_vertices, scene)
    depth = ring_vertices[:, 2]
    front = inside & (own_depth[row, column] > depth - TOLERANCE)
    number = scene.index[row, column]
    covered = inside & (number != own_number) & (scene.depth[row, column] < depth - TOLERANCE)
    by_person = covered & np.isin(number, scene.persons)
    masks = np.stack([inside, front, front & ~covered, covered, by_person], axis=1)
    shares = weights @ masks.astype(np.float64)
    inside_share, own_share, seen_share, covered_share, person_share = shares.T
    hidden_by_self = own_share < SELF_SHARE
    hidden_by_others = np.where(
        hidden_by_self,
        covered_share > OTHERS_SHARE * inside_share,
        seen_share < OTHERS_SHARE * own_share,
    ) & (covered_share > 0)
    codes = np.full(len(joints), Visibility.VISIBLE, np.int8)
    codes[hidden_by_self] = Visibility.SELF_OCCLUDED
    codes[hidden_by_others] = Visibility.OCCLUDED_BY_OBJECT
    codes[hidden_by_others & (2 * person_share >= covered_share)] = Visibility.OCCLUDED_BY_PERSON
    codes[~_pixels(joints, scene)[2]] = Visibility.TRUNCATED
    return codes


def hidden_share(own_depth: np.ndarray, own_number: int, scene: SceneBuffers) -> float:
    """Share of a person's silhouette inside the image that other meshes hide, 0..1."""
    silhouette = np.isfinite(own_depth)
    total = np.count_nonzero(silhouette)
    if total == 0:
        return 1.0
    return 1.0 - np.count_nonzero(silhouette & (scene.index == own_number)) / total


def _pixels(points: np.ndarray, scene: SceneBuffers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column (clipped) and whether inside, each (N,), of points (N, 3) in camera axes."""
    height, width = scene.depth.shape
    projected = points @ scene.intrinsics.T
    pixels = np.rint(projected[:, :2] / np.maximum(projected[:, 2:], 1e-6)).astype(np.int64)
    inside = (points[:, 2] > 0) & ((pixels >= 0) & (pixels < [width, height])).all(axis=1)
    column, row = pixels.clip(0, [width - 1, height - 1]).T
    return row, column, inside
