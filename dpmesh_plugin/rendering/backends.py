"""Two rasterisers of one contract: OpenCV's, and a NumPy one for an OpenCV without it.

Contract: ``draw(vertices, faces, colors, intrinsics, color, depth)`` draws triangles in front of
the near plane into ``color (H, W, 3)`` and ``depth (H, W)``, both float32 and changed in place.
With ``colors=None`` only the depth is drawn. A pixel is covered when its centre lies in the
triangle.

Convention: the depth buffer holds ``1 - NEAR / z``, which is linear on the screen: 0 at the near
plane, 0.98 at 5 m, 1 where nothing was drawn. The centre of the first pixel is (0, 0).
"""

import math
from collections.abc import Callable

import cv2
import numpy as np

NEAR = 0.1
"""Depth of the near plane in metres; closer points are cut away before a backend sees them."""

_INFINITELY_FAR = 1e12
"""OpenCV wants a far plane; so far out it drops out of the formula of the depth buffer."""

_PAIRS_AT_ONCE = 1 << 20
"""Pixel candidates that the NumPy rasteriser holds in memory at a time."""

_SMALLEST_AREA = 1e-6
"""Triangles with less than half of this area in pixels are not drawn, as in OpenCV."""

_EDGE_TOLERANCE = 1e-9
"""Share of a triangle by which a pixel centre on its edge may miss it, so that no crack opens."""

Backend = Callable[
    [np.ndarray, np.ndarray, np.ndarray | None, np.ndarray, np.ndarray, np.ndarray], None
]


def select_backend() -> Backend:
    """The rasteriser of the installed OpenCV where it has one (version 5), else the NumPy one."""
    return draw_opencv if hasattr(cv2, 'triangleRasterize') else draw_numpy


def draw_opencv(
    vertices: np.ndarray,
    faces: np.ndarray,
    colors: np.ndarray | None,
    intrinsics: np.ndarray,
    color: np.ndarray,
    depth: np.ndarray,
) -> None:
    """Draw with ``cv2.triangleRasterize``.

    OpenCV knows a vertical field of view only, and looks along -z with y up. At 90 degrees its
    screen is ``H/2 * X/Z + W/2`` measured from the pixel corner, so the whole of the intrinsics,
    half a pixel included, goes into its world-to-camera matrix.
    """
    height, width = depth.shape
    world_to_camera = np.eye(4)
    world_to_camera[0, :3] = intrinsics[0] * 2 / height
    world_to_camera[1, :3] = intrinsics[1] * -2 / height
    world_to_camera[:3, 2] += [(1 - width) / height, (height - 1) / height, -2]
    settings = cv2.TriangleRasterizeSettings()
    settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)
    settings.setCullingMode(cv2.RASTERIZE_CULLING_NONE)
    settings.setGlCompatibleMode(cv2.RASTERIZE_COMPAT_INVDEPTH)
    camera = (world_to_camera, math.pi / 2, NEAR, _INFINITELY_FAR, settings)
    points = np.ascontiguousarray(vertices, np.float32)[None]
    triangles = np.ascontiguousarray(faces, np.int32)[None]
    if colors is None:
        cv2.triangleRasterizeDepth(points, triangles, depth, *camera)
    else:
        paint = np.ascontiguousarray(colors, np.float32)[None]
        cv2.triangleRasterize(points, triangles, paint, color, depth, *camera)


def draw_numpy(
    vertices: np.ndarray,
    faces: np.ndarray,
    colors: np.ndarray | None,
    intrinsics: np.ndarray,
    color: np.ndarray,
    depth: np.ndarray,
) -> None:
    """Draw by testing every pixel of every triangle's bounding box at once."""
    height, width = depth.shape
    points = (vertices.astype(np.float64) @ intrinsics.T)[faces]
    inverse = 1 / points[..., 2]
    corners = points[..., :2] * inverse[..., None]
    first = np.ceil(corners.min(axis=1)).clip(0, [width, height]).astype(np.int64)
    last = np.floor(corners.max(axis=1)).clip(-1, [width - 1, height - 1]).astype(np.int64)
    extent = (last - first + 1).clip(0)
    weights, area = _weight_planes(corners)
    pairs = extent.prod(axis=1) * (np.abs(area) >= _SMALLEST_AREA)
    drawn = np.flatnonzero(pairs)
    chunks = np.cumsum(pairs[drawn]) // _PAIRS_AT_ONCE
    for group in np.split(drawn, np.flatnonzero(np.diff(chunks)) + 1):
        face, row, column = _covered_pixels(
            group, pairs[group], extent[group], first[group], weights[:, :, group]
        )
        shares = _at(weights[:, :, face], row, column) * inverse[face].T
        total = shares.sum(axis=0)
        value = (1 - NEAR * total).astype(np.float32)
        pixel = row * width + column
        nearest = depth.ravel()
        before = nearest[pixel]
        np.minimum.at(nearest, pixel, value)
        won = (value < before) & (value == nearest[pixel])
        row, column = row[won], column[won]
        depth[row, column] = value[won]
        if colors is not None:
            mix = (shares / total)[:, won]
            color[row, column] = np.einsum('kp,pkc->pc', mix, colors[faces[face[won]]])


def _weight_planes(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Barycentric coordinates as planes over the screen, from corners ``(F, 3, 2)`` in px.

    Returns:
        Planes ``(3 corners, 3, F)``, each the slope in x, the slope in y and the value at (0, 0);
        and twice the signed area ``(F,)``.
    """
    x, y = corners.transpose(2, 1, 0)
    area = (x[0] - x[2]) * (y[1] - y[2]) - (y[0] - y[2]) * (x[1] - x[2])
    safe = np.where(area == 0, 1, area)
    planes = np.empty((3, 3, len(corners)))
    for k in range(3):
        start, end = (k + 1) % 3, (k + 2) % 3
        planes[k, 0] = (y[start] - y[end]) / safe
        planes[k, 1] = (x[end] - x[start]) / safe
        planes[k, 2] = -(planes[k, 0] * x[end] + planes[k, 1] * y[end])
    return planes, area


def _covered_pixels(
    group: np.ndarray,
    pairs: np.ndarray,
    extent: np.ndarray,
    first: np.ndarray,
    weights: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Face, row and column ``(P,)`` of every pixel centre in a face of ``group``."""
    local = np.repeat(np.arange(len(group)), pairs)
    step = np.arange(len(local)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    row, column = np.divmod(step, extent[:, 0][local])
    row += first[:, 1][local]
    column += first[:, 0][local]
    inside = np.ones(len(local), bool)
    for plane in weights:
        slope_x, slope_y, constant = plane.take(local, axis=1)
        inside &= slope_x * column + slope_y * row + constant >= -_EDGE_TOLERANCE
    return group[local[inside]], row[inside], column[inside]


def _at(planes: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Values ``(3, P)`` of planes ``(3, 3, P)`` at pixels ``(P,)``."""
    return planes[:, 0] * column + planes[:, 1] * row + planes[:, 2]
