"""Meshes to colour, depth and index pictures on the CPU, without a display.

Convention: camera axes x right, y down, z forward, metres; pixel (column, row) has its centre at
integer coordinates. With focal length 100 px and principal point (50, 40) the point (0.1, 0, 2)
falls on the centre of pixel (55, 40).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .backends import NEAR, select_backend
from .clipping import clip_near


@dataclass(frozen=True)
class Mesh:
    """Triangles to draw.

    Args:
        vertices: ``(V, 3)`` in camera axes, m.
        faces: Vertex numbers ``(F, 3)``; both sides are drawn.
        colors: RGB per vertex ``(V, 3)`` in 0..1, already shaded. None draws depth and index only.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colors: np.ndarray | None = None


@dataclass(frozen=True)
class RenderOutput:
    """What a camera sees.

    Args:
        color: ``(H, W, 3)`` float32 RGB, 0..1.
        depth: ``(H, W)`` float32 z in metres, inf where no mesh is.
        index: ``(H, W)`` int16 position of the visible mesh in the list drawn, -1 where none is.
    """

    color: np.ndarray
    depth: np.ndarray
    index: np.ndarray


class Canvas:
    """One picture and one z-buffer that meshes are drawn into, one after the other.

    Args:
        size: ``(w, h)`` in px.
        intrinsics: Any camera matrix ``(3, 3)`` in px with last row (0, 0, 1). The upper left 2x2
            may hold a rotation, a mirror or a skew, so an image warp can be folded in:
            ``[[warp], [0, 0, 1]] @ K``.
        background: RGB 0..1, one colour ``(3,)`` or a picture ``(H, W, 3)``. None is black.

    Attributes:
        color: ``(H, W, 3)`` float32 RGB, 0..1; the picture so far.
        index: ``(H, W)`` int16 number of the mesh seen in each pixel, -1 for the background.
    """

    def __init__(
        self,
        size: tuple[int, int],
        intrinsics: np.ndarray,
        background: np.ndarray | Sequence[float] | None = None,
    ) -> None:
        width, height = size
        self.intrinsics = _checked_intrinsics(intrinsics)
        self.color = np.zeros((height, width, 3), np.float32)
        if background is not None:
            self.color[:] = _checked_background(background, size)
        self.index = np.full((height, width), -1, np.int16)
        self.count = 0
        self._buffer = np.ones((height, width), np.float32)
        self._draw = select_backend()

    @property
    def size(self) -> tuple[int, int]:
        """``(w, h)`` in px."""
        height, width = self.index.shape
        return width, height

    def draw(self, mesh: Mesh) -> int:
        """Draw ``mesh`` where it is nearer than what is there.

        Parts nearer than ``NEAR`` (0.1 m) or behind the camera are cut away.

        Returns:
            The number that marks this mesh in ``index``: 0 for the first, 1 for the second.

        Raises:
            ValueError: vertices are not finite ``(V, 3)``, or faces or colours do not fit them.
        """
        _check_mesh(mesh)
        number, self.count = self.count, self.count + 1
        vertices = np.asarray(mesh.vertices, np.float32)
        vertices, faces, colors = clip_near(vertices, mesh.faces, mesh.colors, NEAR)
        window = self._window(vertices, faces)
        if window is None:
            return number
        shifted = self.intrinsics.copy()
        shifted[:2, 2] -= window[1].start, window[0].start
        before = self._buffer[window].copy()
        self._draw(vertices, faces, colors, shifted, self.color[window], self._buffer[window])
        self.index[window][self._buffer[window] < before] = number
        return number

    def depth(self) -> np.ndarray:
        """The depth so far: ``(H, W)`` float32 z in metres, inf where nothing was drawn. A copy."""
        with np.errstate(divide='ignore'):
            return np.float32(NEAR) / (1 - self._buffer)

    def _window(self, vertices: np.ndarray, faces: np.ndarray) -> tuple[slice, slice] | None:
        """Rows and columns that the faces can touch, or None when they touch no pixel."""
        if len(faces) == 0:
            return None
        seen = vertices[vertices[:, 2] >= NEAR] @ self.intrinsics.T
        pixels = seen[:, :2] / seen[:, 2:]
        low = np.floor(pixels.min(axis=0)).clip(0, self.size).astype(int)
        high = np.ceil(pixels.max(axis=0)).clip(-1, np.array(self.size) - 1).astype(int) + 1
        if (low >= high).any():
            return None
        return slice(low[1], high[1]), slice(low[0], high[0])


def render(
    meshes: Sequence[Mesh],
    intrinsics: np.ndarray,
    size: tuple[int, int],
    background: np.ndarray | Sequence[float] | None = None,
    supersample: int = 1,
) -> RenderOutput:
    """Draw several meshes into one z-buffer.

    Args:
        meshes: What to draw; the order does not matter, the nearest surface is seen.
        intrinsics: Camera matrix ``(3, 3)``, see `Canvas`.
        size: ``(w, h)`` in px.
        background: See `Canvas`.
        supersample: Samples per pixel along each side. The colour is their mean (smooth edges);
            depth and index are those of the nearest sample.
    """
    if supersample == 1:
        canvas = Canvas(size, intrinsics, background)
        for mesh in meshes:
            canvas.draw(mesh)
        return RenderOutput(canvas.color, canvas.depth(), canvas.index)
    width, height = size
    large = width * supersample, height * supersample
    if np.ndim(background) == 3:
        background = _checked_background(background, size)
        background = background.repeat(supersample, axis=0).repeat(supersample, axis=1)
    fine = render(meshes, scale_intrinsics(intrinsics, supersample), large, background)
    color = cv2.resize(fine.color, size, interpolation=cv2.INTER_AREA)
    samples = (height, supersample, width, supersample)
    depth = fine.depth.reshape(samples).swapaxes(1, 2).reshape(height, width, -1)
    index = fine.index.reshape(samples).swapaxes(1, 2).reshape(height, width, -1)
    nearest = depth.argmin(axis=2)[..., None]
    return RenderOutput(
        color,
        np.take_along_axis(depth, nearest, axis=2)[..., 0],
        np.take_along_axis(index, nearest, axis=2)[..., 0],
    )


def render_depth(
    meshes: Sequence[Mesh], intrinsics: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Depth ``(H, W)`` float32 of the nearest surface in metres, inf where none is.

    Faster than `render`; colours are not looked at. Arguments as there.
    """
    canvas = Canvas(size, intrinsics)
    for mesh in meshes:
        canvas.draw(Mesh(mesh.vertices, mesh.faces))
    return canvas.depth()


def scale_intrinsics(intrinsics: np.ndarray, factor: float) -> np.ndarray:
    """Camera matrix ``(3, 3)`` of the same view with ``factor`` times as many pixels per side.

    Convention: pixel centres at integers, so u becomes ``factor * (u + 0.5) - 0.5``: principal
    point 50 becomes 100.5 for factor 2.
    """
    shift = (factor - 1) / 2
    scale = np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1]])
    return scale @ _checked_intrinsics(intrinsics)


def _checked_intrinsics(intrinsics: np.ndarray) -> np.ndarray:
    matrix = np.array(intrinsics, np.float64)
    if matrix.shape != (3, 3) or not np.array_equal(matrix[2], [0, 0, 1]):
        raise ValueError(
            f'expected intrinsics (3, 3) with last row (0, 0, 1), got {matrix.tolist()}'
        )
    return matrix


def _checked_background(
    background: np.ndarray | Sequence[float], size: tuple[int, int]
) -> np.ndarray:
    picture = np.asarray(background)
    if picture.shape not in [(3,), (size[1], size[0], 3)] or picture.dtype == np.uint8:
        raise ValueError(
            f'expected a background of float RGB in 0..1, shape (3,) or {(size[1], size[0], 3)}, '
            f'got {picture.dtype} {picture.shape}; divide an 8-bit image by 255'
        )
    return picture


def _check_mesh(mesh: Mesh) -> None:
    vertices, faces, colors = mesh.vertices, mesh.faces, mesh.colors
    if vertices.ndim != 2 or vertices.shape[1] != 3 or not np.isfinite(vertices).all():
        raise ValueError(
            f'expected finite vertices (V, 3), got {vertices.shape} with '
            f'{np.count_nonzero(~np.isfinite(vertices))} values not finite'
        )
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ValueError(f'expected faces (F, 3), got {faces.shape}')
    if len(faces) and not 0 <= faces.min() <= faces.max() < len(vertices):
        raise ValueError(
            f'expected faces to name vertices 0..{len(vertices) - 1}, '
            f'got {faces.min()}..{faces.max()}; are these the faces of another body model?'
        )
    if colors is not None and colors.shape != vertices.shape:
        raise ValueError(f'expected colors {vertices.shape} as the vertices, got {colors.shape}')
