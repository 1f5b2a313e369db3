"""Pictures of bodies over an image, and labels."""

from collections.abc import Sequence

import cv2
import numpy as np

from .rasterize import Mesh, render
from .shading import person_color, shade

ONE_SAMPLE_ABOVE = 2_000_000
"""Images with more pixels than this are drawn with one sample per pixel, to save memory."""


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
    return to_uint8(background + np.float32(alpha) * (drawn - background))


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


def to_uint8(color: np.ndarray) -> np.ndarray:
    """A picture of RGB 0..1 as bytes."""
    return (color * 255 + 0.5).clip(0, 255).astype(np.uint8)


def _check_image(image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f'expected an RGB image (H, W, 3) uint8, got {image.dtype} {image.shape}')
