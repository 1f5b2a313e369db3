"""Pictures of bodies alone, seen from any side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .overlay import to_uint8
from .rasterize import Mesh, render
from .shading import PERSON_COLORS, person_color, shade

VIEW_ANGLE = np.deg2rad(10)
"""Field of view: so narrow that near and far limbs have nearly the same scale."""

_FILLED = 0.88
"""Share of the picture that bodies take up: a margin of 6 % stays on every side."""

_ROOM = 3.5
"""What a picture of the smallest size shows at most, m; for people farther apart it grows."""


@dataclass(frozen=True)
class Stage:
    """Bodies that turn about an upright axis; a picture shows them whole, from whatever side.

    Several pictures of one stage have one scale, so that a body may turn and move in them.

    Args:
        center: (3,) m, camera axes; of all axes the one that the bodies are nearest to.
        rings: (N, 3) m, for every body what it covers in a turn: its largest distance from the
            axis, and its lowest and highest y, from the centre.
    """

    center: np.ndarray
    rings: np.ndarray

    @classmethod
    def around(cls, bodies: Iterable[np.ndarray]) -> 'Stage':
        """The stage on which all bodies (V, 3) stand.

        Raises:
            ValueError: there is no body.
        """
        outlines, heights = [], []
        for points in bodies:
            outlines.append(cv2.convexHull(np.float32(points[:, [0, 2]]))[:, 0])
            heights.append((points[:, 1].min(), points[:, 1].max()))
        if not outlines:
            raise ValueError('expected bodies to look at, got none')
        axis, _ = cv2.minEnclosingCircle(np.concatenate(outlines))
        middle = (np.min(heights) + np.max(heights)) / 2
        distances = [np.linalg.norm(outline - axis, axis=1).max() for outline in outlines]
        rings = np.column_stack([distances, np.array(heights) - middle])
        return cls(np.array([axis[0], middle, axis[1]]), rings)

    def bounds(self, pitch: float) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest x, y and z (3,) that it covers at a pitch in degrees, m."""
        cosine, sine = np.cos(np.deg2rad(pitch)), np.sin(np.deg2rad(pitch))
        radius, heights = self.rings[:, :1], self.rings[:, 1:]
        covered = (
            np.hstack([-radius, radius]),
            cosine * heights + abs(sine) * np.hstack([-radius, radius]),
            sine * heights + abs(cosine) * np.hstack([-radius, radius]),
        )
        return np.min(covered, axis=(1, 2)), np.max(covered, axis=(1, 2))


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
    largest: tuple[int, int] | None = None,
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
        largest: ``(w, h)`` up to which the picture grows beyond ``size`` where bodies stand so far
            apart that they would be small; None for ``size`` in any case.

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
    else:
        low, high = stage.bounds(pitch)
    half, middle = (high - low) / 2, (high + low) / 2
    shown = 2 * half[:2] / _FILLED
    size = size if largest is None else _roomy(size, largest, shown)
    width, height = size
    # Metres per pixel at the nearest point.
    scale = max(shown[0] / width, shown[1] / height)
    focal = max(size) / 2 / np.tan(VIEW_ANGLE / 2)
    place = np.float32([0, 0, focal * scale + half[2]] - middle)
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


def _roomy(size: tuple[int, int], largest: tuple[int, int], shown: np.ndarray) -> tuple[int, int]:
    """Size in px, from ``size`` to ``largest``, of a picture that shows (width, height) (2,) m."""
    fits, wanted = (np.array(size) / shown).min(), min(size) / _ROOM
    pixels_per_metre = max(fits, min(wanted, (np.array(largest) / shown).min()))
    width, height = np.maximum(np.round(shown * pixels_per_metre), size).astype(int).tolist()
    return width, height


def _turn(yaw: float, pitch: float) -> np.ndarray:
    """Rotation ``(3, 3)`` float32: yaw about y, then pitch about x, in degrees."""
    y, p = np.deg2rad([yaw, pitch])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    return (about_x @ about_y).astype(np.float32)
