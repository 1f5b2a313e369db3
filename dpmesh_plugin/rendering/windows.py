"""The parts of a picture that meshes can touch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .backends import NEAR


@dataclass(frozen=True)
class Window:
    """A rectangle of a picture, and which meshes lie in it.

    Args:
        left: First column.
        top: First row.
        right: Column behind the last.
        bottom: Row behind the last.
        members: Positions of the meshes in the list.
    """

    left: int
    top: int
    right: int
    bottom: int
    members: tuple[int, ...]

    @property
    def rows(self) -> slice:
        """Its rows."""
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        """Its columns."""
        return slice(self.left, self.right)

    def intrinsics(self, whole: np.ndarray) -> np.ndarray:
        """Camera matrix (3, 3) of the window, px, from that of the picture."""
        shifted = np.array(whole, np.float64)
        shifted[:2, 2] -= self.left, self.top
        return shifted

    def meets(self, other: 'Window') -> bool:
        """Whether the two share a pixel."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def around(self, other: 'Window') -> 'Window':
        """The smallest window with both."""
        return Window(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            (*self.members, *other.members),
        )


def find_windows(
    vertices: Sequence[np.ndarray], intrinsics: np.ndarray, size: tuple[int, int], *, margin: int
) -> list[Window]:
    """Windows that share no pixel and hold all that is seen of the meshes.

    Args:
        vertices: One ``(V, 3)`` per mesh in camera axes, m. A mesh that comes nearer than the near
            plane, or is not finite, may be anywhere in the picture.
        intrinsics: Camera matrix ``(3, 3)``, px, last row (0, 0, 1).
        size: ``(w, h)`` in px.
        margin: Room around every mesh, px.
    """
    windows: list[Window] = []
    for position, points in enumerate(vertices):
        window = _window_of(points, intrinsics, size, margin, position)
        while window is not None:
            met = next((other for other in windows if other.meets(window)), None)
            if met is None:
                windows.append(window)
                break
            windows.remove(met)
            window = met.around(window)
    return windows


def _window_of(
    points: np.ndarray,
    intrinsics: np.ndarray,
    size: tuple[int, int],
    margin: int,
    position: int,
) -> Window | None:
    """The window of one mesh, None where it is outside the picture or behind the camera."""
    width, height = size
    if points[:, 2].max() < NEAR:
        return None
    if points[:, 2].min() < NEAR or not np.isfinite(points).all():
        return Window(0, 0, width, height, (position,))
    pixels = points @ np.asarray(intrinsics, points.dtype).T
    pixels = pixels[:, :2] / pixels[:, 2:]
    left, top = (np.floor(pixels.min(axis=0)) - margin).clip(0, size).astype(int).tolist()
    right, bottom = (np.ceil(pixels.max(axis=0)) + 1 + margin).clip(0, size).astype(int).tolist()
    if left >= right or top >= bottom:
        return None
    return Window(left, top, right, bottom, (position,))
