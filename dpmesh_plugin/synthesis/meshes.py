"""Simple solids for things in a scene.

Convention: y up, metres; faces are counter-clockwise seen from outside.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .rotations import axis_turns, swing_between

_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 2
# The six sides of a box as four corners each, counter-clockwise seen from outside.
_BOX = _CORNERS[
    [0, 1, 3, 2, 4, 6, 7, 5, 0, 4, 5, 1, 2, 3, 7, 6, 0, 2, 6, 4, 1, 5, 7, 3]
]  # fmt: skip
_BALL_ROWS, _BALL_COLUMNS = 7, 12
_UP = np.array([0.0, 1.0, 0.0])


def _quads(count: int) -> np.ndarray:
    """Two triangles (2 N, 3) for each of N quads whose corners follow each other."""
    corners = np.arange(4 * count).reshape(count, 4)
    return np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])


_BOX_FACES = _quads(6)


@lru_cache(maxsize=64)
def _tube_grid(rings: int, sides: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit circle (S, 2) and faces (F, 3) of the wall between rings of S points."""
    angles = np.arange(sides) * 2 * np.pi / sides
    circle = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    low = (np.arange(rings - 1)[:, None] * sides + np.arange(sides)).ravel()
    low_next = (np.arange(rings - 1)[:, None] * sides + (np.arange(sides) + 1) % sides).ravel()
    first = np.stack([low, low_next, low_next + sides], axis=1)
    second = np.stack([low, low_next + sides, low + sides], axis=1)
    return circle, np.concatenate([first, second])


@lru_cache(maxsize=1)
def _ball_grid() -> tuple[np.ndarray, np.ndarray]:
    """Unit sphere (R * C + 2, 3) with its poles last, and its faces (F, 3)."""
    rows, columns = _BALL_ROWS, _BALL_COLUMNS
    polar = (np.arange(rows) + 0.5)[:, None] * np.pi / rows
    around = np.arange(columns) * 2 * np.pi / columns
    sine, cosine = np.sin(polar), np.cos(polar) * np.ones(columns)
    unit = np.stack([sine * np.sin(around), cosine, sine * np.cos(around)], axis=-1)
    grid = np.arange(rows * columns).reshape(rows, columns)
    right = np.roll(grid, -1, axis=1)
    top, bottom = rows * columns, rows * columns + 1
    faces = [
        np.stack([grid[1:], right[1:], right[:-1]], axis=-1).reshape(-1, 3),
        np.stack([grid[1:], right[:-1], grid[:-1]], axis=-1).reshape(-1, 3),
        np.stack([grid[0], right[0], np.full(columns, top)], axis=-1),
        np.stack([right[-1], grid[-1], np.full(columns, bottom)], axis=-1),
    ]
    points = np.concatenate([unit.reshape(-1, 3), [[0, 1, 0], [0, -1, 0]]])
    return points, np.concatenate(faces)


@dataclass(frozen=True)
class Thing:
    """A thing that stands, hangs or lies in the scene.

    Args:
        vertices: (V, 3) metres.
        faces: (F, 3).
        colors: (V, 3) RGB in 0..1 before light.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colors: np.ndarray

    def moved(self, position: np.ndarray, turn_degrees: float = 0.0) -> 'Thing':
        """The thing turned about y and then moved by ``position`` (3,)."""
        vertices = self.vertices @ axis_turns('y', turn_degrees).T + position
        return Thing(vertices, self.faces, self.colors)


class MeshBuilder:
    """Collects solids into one thing."""

    def __init__(self) -> None:
        self._vertices: list[np.ndarray] = []
        self._faces: list[np.ndarray] = []
        self._colors: list[np.ndarray] = []
        self._count = 0

    def build(self) -> Thing:
        """The thing made of everything added so far."""
        return Thing(
            np.concatenate(self._vertices),
            np.concatenate(self._faces),
            np.concatenate(self._colors).clip(0, 1),
        )

    def add(self, vertices: np.ndarray, faces: np.ndarray, colors: np.ndarray) -> None:
        """Add vertices (V, 3) with faces (F, 3) and one colour (3,) or one per vertex (V, 3)."""
        self._vertices.append(vertices)
        self._faces.append(np.asarray(faces) + self._count)
        self._colors.append(np.broadcast_to(colors, vertices.shape))
        self._count += len(vertices)

    def box(
        self,
        center: tuple[float, float, float],
        size: tuple[float, float, float],
        color: np.ndarray,
        *,
        bands: np.ndarray | None = None,
        rotation: np.ndarray | None = None,
    ) -> None:
        """Add a box.

        Args:
            center: (3,).
            size: (3,) along x, y, z.
            color: (3,).
            bands: (N, 3) colours of horizontal bands from the bottom up, instead of ``color``.
            rotation: (3, 3) about the centre.
        """
        stripes = color[None] if bands is None else bands
        height = size[1] / len(stripes)
        for number, stripe in enumerate(stripes):
            lift = (number + 0.5) * height - size[1] / 2
            corners = _BOX * (size[0], height, size[2]) + (0, lift, 0)
            if rotation is not None:
                corners = corners @ rotation.T
            self.add(corners + center, _BOX_FACES, stripe)

    def tube(
        self,
        start: tuple[float, float, float],
        end: tuple[float, float, float],
        radii: tuple[float, ...],
        color: np.ndarray,
        *,
        sides: int = 12,
        closed: bool = True,
    ) -> None:
        """Add a turned solid along a straight axis: post, bin, cone, vase.

        Args:
            start: (3,) one end of the axis.
            end: (3,) the other end.
            radii: Radii at equal steps from start to end.
            color: (3,), or (R, 3) one per radius.
            sides: Corners of the cross section.
            closed: Whether both ends get a lid.
        """
        start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
        axis = end - start
        direction = axis / math.sqrt(axis @ axis)
        flip = direction[1] < -0.999
        turn = np.diag([1.0, -1.0, -1.0]) if flip else swing_between(_UP, direction)
        circle, faces = _tube_grid(len(radii), sides)
        circle = circle @ turn[:, [0, 2]].T
        steps = np.linspace(0, 1, len(radii))[:, None]
        middle = start + steps * axis
        rings = middle[:, None] + np.asarray(radii)[:, None, None] * circle
        colors = np.broadcast_to(color, (len(radii), 3)).repeat(sides, axis=0)
        self.add(rings.reshape(-1, 3), faces, colors)
        if closed:
            fan = np.array([(0, side, side + 1) for side in range(1, sides - 1)])
            self.add(rings[-1], fan, colors[-1])
            self.add(rings[0], fan[:, ::-1], colors[0])

    def ring(
        self,
        center: tuple[float, float, float],
        radius: float,
        thickness: float,
        color: np.ndarray,
    ) -> None:
        """Add an upright ring that faces z, such as a wheel's tyre.

        Args:
            center: (3,).
            radius: Of the ring's middle line.
            thickness: Radius of its cross section.
            color: (3,).
        """
        segments, sides = 18, 5
        circle, faces = _tube_grid(segments + 1, sides)
        angles = np.linspace(0, 2 * np.pi, segments + 1)
        outwards = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
        offset = radius + thickness * circle[:, 0]
        points = outwards[:, None] * offset[:, None]
        points[..., 2] = thickness * circle[:, 1]
        self.add(points.reshape(-1, 3) + center, faces, color)

    def ball(
        self,
        center: tuple[float, float, float],
        radii: tuple[float, float, float],
        color: np.ndarray,
        *,
        roughness: np.ndarray | None = None,
    ) -> None:
        """Add an ellipsoid.

        Args:
            center: (3,).
            radii: (3,) along x, y, z.
            color: (3,).
            roughness: (7, 12) factors on the radius, for bushes and bags.
        """
        points, faces = _ball_grid()
        if roughness is not None:
            points = points.copy()
            points[:-2] *= roughness.reshape(-1, 1)
        self.add(points * radii + center, faces, color)

    def leaves(
        self, centers: np.ndarray, axes: np.ndarray, widths: np.ndarray, colors: np.ndarray
    ) -> None:
        """Add flat pointed leaves, each of two triangles on either side.

        Args:
            centers: (N, 3) where each leaf starts.
            axes: (N, 3) to its tip.
            widths: (N, 3) half across it.
            colors: (N, 3).
        """
        middle = centers + 0.45 * axes
        corners = np.stack([centers, middle + widths, centers + axes, middle - widths], axis=1)
        faces, colors = _quads(len(centers)), colors.repeat(4, axis=0)
        self.add(corners.reshape(-1, 3), faces, colors)
        self.add(corners.reshape(-1, 3), faces[:, ::-1], colors)


def facing_camera(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Those faces whose outer side a camera in the origin sees; the others need not be drawn.

    Args:
        vertices: (V, 3) in camera axes.
        faces: (F, 3) counter-clockwise seen from outside.

    Returns:
        (G, 3).
    """
    x, y, z = (column.take(faces.T) for column in np.ascontiguousarray(vertices.T))
    volume = (
        x[0] * (y[1] * z[2] - z[1] * y[2])
        + y[0] * (z[1] * x[2] - x[1] * z[2])
        + z[0] * (x[1] * y[2] - y[1] * x[2])
    )
    return faces[volume < 0]
