"""Colours for meshes: vertex normals, soft diffuse light, and a palette for people.

Convention: camera axes x right, y down, z forward; a normal points out of a surface whose faces
are counter-clockwise seen from outside. A triangle (0, 0, 1), (0, 1, 1), (1, 0, 1) faces the
camera: its normal is (0, 0, -1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .backends import NEAR

PERSON_COLORS = np.array(
    [
        [0.62, 0.76, 0.92],  # sky
        [0.95, 0.70, 0.52],  # apricot
        [0.66, 0.84, 0.62],  # sage
        [0.88, 0.64, 0.76],  # rose
        [0.93, 0.84, 0.52],  # straw
        [0.70, 0.66, 0.90],  # lavender
        [0.52, 0.82, 0.82],  # lagoon
        [0.86, 0.60, 0.56],  # terracotta
    ],
    np.float32,
)
"""Albedos that keep apart next to each other and leave room for light and shadow, RGB 0..1."""


@dataclass(frozen=True)
class Light:
    """A distant light.

    Args:
        direction: ``(3,)`` from the surface to the light, camera axes, of any length.
        color: RGB ``(3,)`` of a surface that faces it, for an albedo of 1.
        wrap: 0 gives a hard terminator; 1 lets the light reach around to the far side.
    """

    direction: tuple[float, float, float]
    color: tuple[float, float, float]
    wrap: float = 0.3


STUDIO_LIGHTS = (
    Light((-0.5, -0.7, -0.8), (0.82, 0.81, 0.79)),
    Light((0.9, -0.1, -0.5), (0.22, 0.23, 0.26)),
)
"""A warm key light over the camera's left shoulder and a weaker cool one from the right."""

STUDIO_AMBIENT = (0.24, 0.24, 0.25)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals at the vertices, the mean of the faces around weighted by their area.

    Args:
        vertices: ``(V, 3)``.
        faces: Vertex numbers ``(F, 3)``.

    Returns:
        ``(V, 3)`` float32; zero at a vertex without a face.
    """
    flat = np.asarray(faces).T.ravel()
    columns = np.array(vertices, np.float32).T.copy()
    # Coordinate by coordinate: twice as fast as fancy indexing and a cross product.
    corners = [column.take(flat).reshape(3, -1) for column in columns]
    ax, ay, az = (corner[1] - corner[0] for corner in corners)
    bx, by, bz = (corner[2] - corner[0] for corner in corners)
    normals = np.empty((len(columns[0]), 3), np.float32)
    for axis, part in enumerate((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)):
        normals[:, axis] = np.bincount(flat, np.tile(part, 3), minlength=len(normals))
    length = np.sqrt(np.einsum('vc,vc->v', normals, normals))
    return normals / np.maximum(length, np.finfo(np.float32).tiny)[:, None]


def shade(
    vertices: np.ndarray,
    faces: np.ndarray,
    albedo: np.ndarray | Sequence[float],
    lights: Sequence[Light] = STUDIO_LIGHTS,
    ambient: Sequence[float] = STUDIO_AMBIENT,
) -> np.ndarray:
    """Diffuse light on every vertex.

    Args:
        vertices: ``(V, 3)`` in camera axes.
        faces: Vertex numbers ``(F, 3)``.
        albedo: RGB 0..1, one ``(3,)`` or one per vertex ``(V, 3)``.
        lights: Distant lights.
        ambient: RGB ``(3,)`` that reaches a surface from everywhere.

    Returns:
        Colours ``(V, 3)`` float32, 0..1.
    """
    normals = vertex_normals(vertices, faces)
    received = np.tile(np.float32(ambient), (len(normals), 1))
    for light in lights:
        direction = np.float32(light.direction) / np.float32(np.linalg.norm(light.direction))
        share = (normals @ direction + np.float32(light.wrap)) / np.float32(1 + light.wrap)
        received += share.clip(0)[:, None] * np.float32(light.color)
    return (received * np.asarray(albedo, np.float32)).clip(0, 1)


def front_faces(vertices: np.ndarray, faces: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """The faces of a closed surface that a camera can see: half of them, for half of the work.

    Args:
        vertices: ``(V, 3)`` in camera axes, m.
        faces: Vertex numbers ``(F, 3)``, counter-clockwise seen from outside.
        intrinsics: Camera matrix ``(3, 3)``, px, which may mirror.

    Returns:
        ``(F', 3)``; all of them where a part is so near that it is cut open.
    """
    if not vertices[:, 2].min() > NEAR:
        return faces
    pixels = (vertices @ np.asarray(intrinsics, vertices.dtype).T)[:, :2] / vertices[:, 2:]
    ax, ay, bx, by, cx, cy = pixels[faces].reshape(-1, 6).T
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return faces[turn < 0 if np.linalg.det(intrinsics[:2, :2]) > 0 else turn > 0]


def person_color(number: int) -> np.ndarray:
    """Albedo ``(3,)`` of the person with this number; the palette repeats after its last colour."""
    return PERSON_COLORS[number % len(PERSON_COLORS)]
