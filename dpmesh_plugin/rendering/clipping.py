"""Cutting faces at the near plane, so that nothing behind the camera reaches a rasteriser."""

import numpy as np


def clip_near(
    vertices: np.ndarray, faces: np.ndarray, colors: np.ndarray | None, near: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Keep the part of a mesh at depth ``near`` or beyond.

    Faces in front are returned as they came, faces behind are dropped and faces that cross the
    plane are cut along it. The winding stays.

    Args:
        vertices: Points ``(V, 3)`` in camera axes (z forward), m.
        faces: Vertex numbers ``(F, 3)``.
        colors: Colours ``(V, 3)`` that are interpolated along with the vertices, or None.
        near: Depth of the plane, m.

    Returns:
        Vertices ``(V + N, 3)``, faces ``(G, 3)`` and colours ``(V + N, 3)``, the N cut points last.
    """
    behind = vertices[:, 2] < near
    if not behind.any():
        return vertices, faces, colors
    count = behind[faces].sum(axis=1)
    one, two = faces[count == 1], faces[count == 2]
    one = _roll_first(one, behind[one])
    two = _roll_first(two, ~behind[two])
    # Four cuts, each along the two edges that leave the first vertex of a rolled face.
    start = np.concatenate([one[:, 0], one[:, 0], two[:, 0], two[:, 0]])
    end = np.concatenate([one[:, 1], one[:, 2], two[:, 1], two[:, 2]])
    number = len(vertices) + np.arange(len(start))
    cut_b, cut_c, tip_b, tip_c = np.split(number, np.cumsum([len(one), len(one), len(two)]))
    faces = np.concatenate(
        [
            faces[count == 0],
            np.stack([cut_b, one[:, 1], one[:, 2]], axis=1),
            np.stack([cut_b, one[:, 2], cut_c], axis=1),
            np.stack([two[:, 0], tip_b, tip_c], axis=1),
        ]
    )
    z_start, z_end = vertices[start, 2], vertices[end, 2]
    share = ((near - z_start) / (z_end - z_start))[:, None]
    cuts = vertices[start] + share * (vertices[end] - vertices[start])
    cuts[:, 2] = near
    vertices = np.concatenate([vertices, cuts.astype(vertices.dtype)])
    if colors is not None:
        mixed = colors[start] + share * (colors[end] - colors[start])
        colors = np.concatenate([colors, mixed.astype(colors.dtype)])
    return vertices, faces, colors


def _roll_first(faces: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Roll every face ``(F, 3)`` so that its one vertex marked in ``chosen`` comes first."""
    turns = (chosen.argmax(axis=1)[:, None] + np.arange(3)) % 3
    return np.take_along_axis(faces, turns, axis=1)
