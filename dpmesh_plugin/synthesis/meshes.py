"""Simple solids for things in a scene.

Convention: y up, metres; faces are counter-clockwise seen from outside.
"""

from dataclasses import dataclass

import numpy as np

from .rotations import axis_turns, swing_between

_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 2
# Corner numbers of the six sides of a box, counter-clockwise seen from outside.
_SIDES = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)


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
        turn = np.eye(3) if rotation is None else rotation
        stripes = color[None] if bands is None else bands
        height = size[1] / len(stripes)
        for number, stripe in enumerate(stripes):
            offset = np.array([0, (number + 0.5) * height - size[1] / 2, 0])
            corners = (_CORNERS * [size[0], height, size[2]] + offset) @ turn.T + center
            quads = np.arange(24).reshape(6, 4)
            faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
            self.add(corners[_SIDES].reshape(-1, 3), faces, stripe)

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
        direction = (end - start) / np.linalg.norm(end - start)
        flip = direction[1] < -0.999
        turn = np.diag([1.0, -1.0, -1.0]) if flip else swing_between(np.eye(3)[1], direction)
        angles = np.arange(sides) * 2 * np.pi / sides
        circle = np.stack([np.sin(angles), np.zeros(sides), np.cos(angles)], axis=1) @ turn.T
        steps = np.linspace(0, 1, len(radii))
        rings = [
            start + step * (end - start) + radius * circle
            for step, radius in zip(steps, radii, strict=True)
        ]
        colors = np.broadcast_to(color, (len(radii), 3)).repeat(sides, axis=0)
        here = np.arange(sides)
        there = (here + 1) % sides
        faces = []
        for ring in range(len(radii) - 1):
            low, high = ring * sides, (ring + 1) * sides
            faces.append(np.stack([low + here, low + there, high + there], axis=1))
            faces.append(np.stack([low + here, high + there, high + here], axis=1))
        self.add(np.concatenate(rings), np.concatenate(faces), colors)
        if closed:
            fan = np.stack([np.zeros(sides - 2, int), here[1:-1], here[2:]], axis=1)
            self.add(rings[-1], fan, colors[-1])
            self.add(rings[0], fan[:, ::-1], colors[0])

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
        rows, columns = 7, 12
        polar = (np.arange(rows) + 0.5) * np.pi / rows
        around = np.arange(columns) * 2 * np.pi / columns
        sine = np.sin(polar)[:, None]
        unit = np.stack(
            [
                sine * np.sin(around),
                np.cos(polar)[:, None] * np.ones(columns),
                sine * np.cos(around),
            ],
            axis=-1,
        )
        if roughness is not None:
            unit = unit * roughness[..., None]
        points = np.concatenate([unit.reshape(-1, 3), [[0, 1, 0], [0, -1, 0]]])
        grid = np.arange(rows * columns).reshape(rows, columns)
        right = np.roll(grid, -1, axis=1)
        top, bottom = rows * columns, rows * columns + 1
        faces = [
            np.stack([grid[1:], right[1:], right[:-1]], axis=-1).reshape(-1, 3),
            np.stack([grid[1:], right[:-1], grid[:-1]], axis=-1).reshape(-1, 3),
            np.stack([grid[0], right[0], np.full(columns, top)], axis=-1),
            np.stack([right[-1], grid[-1], np.full(columns, bottom)], axis=-1),
        ]
        self.add(points * radii + center, np.concatenate(faces), color)

    def leaves(
        self, centers: np.ndarray, axes: np.ndarray, widths: np.ndarray, colors: np.ndarray
    ) -> None:
        """Add flat pointed leaves, each of two triangles.

        Args:
            centers: (N, 3) where each leaf starts.
            axes: (N, 3) to its tip.
            widths: (N, 3) half across it.
            colors: (N, 3).
        """
        middle = centers + 0.45 * axes
        corners = np.stack([centers, middle + widths, centers + axes, middle - widths], axis=1)
        quads = np.arange(4 * len(centers)).reshape(-1, 4)
        faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
        self.add(corners.reshape(-1, 3), faces, colors.repeat(4, axis=0))
