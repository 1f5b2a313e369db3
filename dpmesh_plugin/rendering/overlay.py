"""Pictures of bodies: over an image, or alone seen from any side."""

from collections.abc import Sequence

import cv2
import numpy as np

from .rasterize import Mesh, render
from .shading import PERSON_COLORS, person_color, shade

ONE_SAMPLE_ABOVE = 2_000_000
"""Images with more pixels than this are drawn with one sample per pixel, to save memory."""

VIEW_ANGLE = np.deg2rad(10)
"""Field of view of `view_body`: so narrow that near and far limbs have nearly the same scale."""


def draw_people(
    image: np.ndarray,
    vertices: Sequence[np.ndarray],
    faces: np.ndarray,
    intrinsics: np.ndarray,
    *,
    colors: Sequence[np.ndarray] | None = None,
    alpha: float = 0.9,
) -> np.ndarray:
    """Draw bodies over an image, all in one z-buffer, so that the nearer one covers the other.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        vertices: One ``(V, 3)`` per person in the camera frame of ``image``, m.
        faces: Vertex numbers ``(F, 3)`` of all of them.
        intrinsics: Camera matrix ``(3, 3)`` in px, see `Canvas`; may carry an image warp.
        colors: Albedo ``(3,)`` per person, RGB 0..1. None takes distinct ones from the palette.
        alpha: Opacity of the bodies against the image, 0..1.

    Returns:
        ``(H, W, 3)`` uint8 RGB, a new array.

    Raises:
        ValueError: image, vertices, faces or intrinsics are not of the form above.
    """
    _check_image(image)
    if colors is None:
        colors = [person_color(number) for number in range(len(vertices))]
    meshes = [
        Mesh(points, faces, shade(points, faces, color))
        for points, color in zip(vertices, colors, strict=True)
    ]
    height, width = image.shape[:2]
    supersample = 1 if height * width > ONE_SAMPLE_ABOVE else 2
    background = image.astype(np.float32) / 255
    drawn = render(meshes, intrinsics, (width, height), background, supersample).color
    return _to_uint8(background + np.float32(alpha) * (drawn - background))


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
    """A body alone, turned about its middle and fitted into the picture.

    Args:
        vertices: ``(V, 3)`` in camera axes, m.
        faces: Vertex numbers ``(F, 3)``.
        size: ``(w, h)`` of the picture in px.
        yaw: Turn about the vertical axis in degrees: at 90, what faced the camera faces right.
        pitch: Then a turn about the horizontal axis in degrees: at 90 the body is seen from above.
        color: Albedo ``(3,)``, RGB 0..1.
        background: RGB ``(3,)`` 0..1.

    Returns:
        ``(h, w, 3)`` uint8 RGB.
    """
    points = np.asarray(vertices, np.float32)
    points = points - (points.min(axis=0) + points.max(axis=0)) / 2
    points = points @ _turn(yaw, pitch).T
    points -= (points.min(axis=0) + points.max(axis=0)) / 2
    width, height = size
    half = np.abs(points).max(axis=0)
    # Metres per pixel at the nearest point, such that a margin of 6 % stays on every side.
    scale = max(2 * half[0] / width, 2 * half[1] / height) / 0.88
    focal = max(size) / 2 / np.tan(VIEW_ANGLE / 2)
    points[:, 2] += focal * scale + half[2]
    intrinsics = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    mesh = Mesh(points, faces, shade(points, faces, color))
    return _to_uint8(render([mesh], intrinsics, size, background, supersample=2).color)


def add_label(image: np.ndarray, text: str, *, height: int = 22) -> np.ndarray:
    """Put a dark bar with ``text`` on top of an image, the text shrunk to fit its width.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        text: One line.
        height: Height of the bar in px.

    Returns:
        ``(H + height, W, 3)`` uint8 RGB.
    """
    _check_image(image)
    width = image.shape[1]
    bar = np.full((height, width, 3), 40, np.uint8)
    font, margin = cv2.FONT_HERSHEY_SIMPLEX, height // 4
    natural = cv2.getTextSize(text, font, 1.0, 1)[0]
    scale = min(0.55 * height / natural[1], (width - 2 * margin) / natural[0])
    place = (margin, round(0.72 * height))
    cv2.putText(bar, text, place, font, scale, (240, 240, 240), 1, cv2.LINE_AA)
    return np.concatenate([bar, image])


def _turn(yaw: float, pitch: float) -> np.ndarray:
    """Rotation ``(3, 3)`` float32: yaw about y, then pitch about x, in degrees."""
    y, p = np.deg2rad([yaw, pitch])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    return (about_x @ about_y).astype(np.float32)


def _to_uint8(color: np.ndarray) -> np.ndarray:
    return (color * 255 + 0.5).clip(0, 255).astype(np.uint8)


def _check_image(image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f'expected an RGB image (H, W, 3) uint8, got {image.dtype} {image.shape}')
