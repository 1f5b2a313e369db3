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
    points = vertices.astype(np.float64) @ intrinsics.T
    inverse = 1 / points[:, 2]
    corners = (points[:, :2] * inverse[:, None])[faces]
    first = np.ceil(corners.min(axis=1)).clip(0, [width, height]).astype(np.int64)
    last = np.floor(corners.max(axis=1)).clip(-1, [width - 1, height - 1]).astype(np.int64)
    extent = (last - first + 1).clip(0)
    edge_b, edge_a = corners[:, 1] - corners[:, 2], corners[:, 0] - corners[:, 2]
    area = edge_a[:, 0] * edge_b[:, 1] - edge_a[:, 1] * edge_b[:, 0]
    pairs = extent.prod(axis=1) * (np.abs(area) >= _SMALLEST_AREA)
    drawn = np.flatnonzero(pairs)
    chunks = np.cumsum(pairs[drawn]) // _PAIRS_AT_ONCE
    for group in np.split(drawn, np.flatnonzero(np.diff(chunks)) + 1):
        many = pairs[group]
        face = np.repeat(group, many)
        step = np.arange(len(face)) - np.repeat(np.cumsum(many) - many, many)
        row, column = np.divmod(step, extent[face, 0])
        column += first[face, 0]
        row += first[face, 1]
        x, y = column - corners[face, 2, 0], row - corners[face, 2, 1]
        weight_a = (x * edge_b[face, 1] - y * edge_b[face, 0]) / area[face]
        weight_b = (y * edge_a[face, 0] - x * edge_a[face, 1]) / area[face]
        weights = np.stack([weight_a, weight_b, 1 - weight_a - weight_b], axis=1)
        inside = (weights >= 0).all(axis=1)
        row, column, face, weights = row[inside], column[inside], face[inside], weights[inside]
        weights *= inverse[faces[face]]
        total = weights.sum(axis=1)
        value = (1 - NEAR * total).astype(np.float32)
        # Far to near: of several values for one pixel the last assignment stays.
        order = np.argsort(total, kind='stable')
        order = order[value[order] < depth[row[order], column[order]]]
        row, column = row[order], column[order]
        depth[row, column] = value[order]
        if colors is not None:
            shares = weights[order] / total[order, None]
            color[row, column] = np.einsum('pk,pkc->pc', shares, colors[faces[face[order]]])
