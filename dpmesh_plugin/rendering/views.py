"""Pictures of bodies alone, seen from any side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .overlay import to_uint8
from .rasterize import Mesh, render
from .shading import PERSON_COLORS, person_color, shade

VIEW_ANGLE = np.deg2rad(10)
"""Field of view: so narrow that near and far limbs have nearly the same scale."""

_FILLED = 0.88
"""Share of the picture that bodies take up: a margin of 6 % stays on every side."""


@dataclass(frozen=True)
class Stage:
    """An upright cylinder of space that a picture shows whole, from whatever side.

    Several pictures of one stage have one scale, so that a body may turn and move in them.

    Args:
        center: (3,) m, camera axes.
        radius: m.
        half_height: m.
    """

    center: np.ndarray
    radius: float
    half_height: float

    @classmethod
    def around(cls, bodies: Iterable[np.ndarray]) -> 'Stage':
        """The stage on which all bodies (V, 3) stand.

        Raises:
            ValueError: there is no body.
        """
        bounds = [(points.min(axis=0), points.max(axis=0)) for points in bodies]
        if not bounds:
            raise ValueError('expected bodies to look at, got none')
        lows, highs = zip(*bounds, strict=True)
        low, high = np.min(lows, axis=0), np.max(highs, axis=0)
        half = (high - low) / 2
        return cls((low + high) / 2, float(np.hypot(half[0], half[2])), float(half[1]))

    def half_extent(self, pitch: float) -> np.ndarray:
        """Half of the width, height and depth (3,) that it covers at a pitch in degrees, m."""
        cosine, sine = np.abs([np.cos(np.deg2rad(pitch)), np.sin(np.deg2rad(pitch))])
        height = self.half_height * cosine + self.radius * sine
        return np.array([self.radius, height, self.half_height * sine + self.radius * cosine])


def view_bodies(
    bodies: Sequence[np.ndarray],
    faces: np.ndarray,
    *,
    size: tuple[int, int],
    yaw: float = 0.0,
    pitch: float = 0.0,
    colors: Sequence[np.ndarray] | None = None,
    background: Sequence[float] = (1.0, 1.0, 1.0),
    stage: Stage | None = None,
) -> np.ndarray:
    """Bodies alone, turned about their middle and fitted into the picture.

    Args:
        bodies: ``(V, 3)`` each, camera axes, m.
        faces: Vertex numbers ``(F, 3)`` of all of them.
        size: ``(w, h)`` of the picture in px.
        yaw: Turn about the vertical axis in degrees: at 90, what faced the camera faces right.
        pitch: Then a turn about the horizontal axis in degrees: at 90 seen from above.
        colors: Albedo ``(3,)`` of every body, RGB 0..1. None takes distinct ones from the palette.
        background: RGB ``(3,)`` 0..1.
        stage: What to fit into the picture; None for just these bodies from this side.

    Returns:
        ``(h, w, 3)`` uint8 RGB.

    Raises:
        ValueError: there is neither a body nor a stage.
    """
    if colors is None:
        colors = [person_color(number) for number in range(len(bodies))]
    center = (stage or Stage.around(bodies)).center
    turn = _turn(yaw, pitch)
    turned = [(np.asarray(points, np.float32) - np.float32(center)) @ turn.T for points in bodies]
    if stage is None:
        low = np.min([points.min(axis=0) for points in turned], axis=0)
        high = np.max([points.max(axis=0) for points in turned], axis=0)
        half, middle = (high - low) / 2, (high + low) / 2
    else:
        half, middle = stage.half_extent(pitch), np.zeros(3, np.float32)
    width, height = size
    # Metres per pixel at the nearest point.
    scale = max(2 * half[0] / width, 2 * half[1] / height) / _FILLED
    focal = max(size) / 2 / np.tan(VIEW_ANGLE / 2)
    place = np.float32([0, 0, focal * scale + half[2]]) - middle
    intrinsics = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    meshes = [
        Mesh(points + place, faces, shade(points, faces, color))
        for points, color in zip(turned, colors, strict=True)
    ]
    return to_uint8(render(meshes, intrinsics, size, background, supersample=2).color)


def view_body(
    vertices: np.ndarray,
    faces: np.ndarray,
    *,
    size: tuple[int, int],
    yaw: float = 0.0,
    pitch: float = 0.0,
    color: np.ndarray | Sequence[float] = PERSON_COLORS[0],
    background: Sequence[float] = (1.0, 1.0, 1.0),
) -> np.ndarray:
    """One body alone: :func:`view_bodies` of ``(V, 3)`` with the albedo ``color`` (3,)."""
    return view_bodies(
        [vertices],
        faces,
        size=size,
        yaw=yaw,
        pitch=pitch,
        colors=[np.asarray(color)],
        background=background,
    )


def _turn(yaw: float, pitch: float) -> np.ndarray:
    """Rotation ``(3, 3)`` float32: yaw about y, then pitch about x, in degrees."""
    y, p = np.deg2rad([yaw, pitch])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    return (about_x @ about_y).astype(np.float32)
