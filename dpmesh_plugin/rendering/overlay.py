"""Pictures of bodies over an image, and labels."""

from collections.abc import Sequence

import cv2
import numpy as np

from .rasterize import Canvas, Mesh, render
from .shading import front_faces, person_color, shade
from .windows import find_windows

ONE_SAMPLE_ABOVE = 2_000_000
"""Where people fill more pixels than this, they are drawn with one sample each, to save memory."""


def draw_people(
    image: np.ndarray,
    vertices: Sequence[np.ndarray],
    faces: np.ndarray,
    intrinsics: np.ndarray,
    *,
    colors: Sequence[np.ndarray] | None = None,
    alpha: float = 0.9,
    fast: bool = False,
) -> np.ndarray:
    """Draw bodies over an image, all in one z-buffer, so that the nearer one covers the other.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        vertices: One ``(V, 3)`` per person in the camera frame of ``image``, m.
        faces: Vertex numbers ``(F, 3)`` of all of them, whose surface is closed.
        intrinsics: Camera matrix ``(3, 3)`` in px, see `Canvas`; may carry an image warp.
        colors: Albedo ``(3,)`` per person, RGB 0..1. None takes distinct ones from the palette.
        alpha: Opacity of the bodies against the image, 0..1.
        fast: Draw one sample per pixel and soften it, in a fifth of the time of four samples.

    Returns:
        ``(H, W, 3)`` uint8 RGB, a new array.

    Raises:
        ValueError: image, vertices, faces or intrinsics are not of the form above.
    """
    _check_image(image)
    if colors is None:
        colors = [person_color(number) for number in range(len(vertices))]
    meshes = [
        Mesh(points, front_faces(points, faces, intrinsics), shade(points, faces, color))
        for points, color in zip(vertices, colors, strict=True)
    ]
    picture = image.copy()
    for window in find_windows(vertices, intrinsics, image.shape[1::-1], margin=1):
        part = picture[window.rows, window.columns]
        blend = _blend_softened if fast else _blend_supersampled
        inside = [meshes[position] for position in window.members]
        blend(part, inside, window.intrinsics(intrinsics), alpha)
    return picture


def _blend_supersampled(
    part: np.ndarray, meshes: Sequence[Mesh], intrinsics: np.ndarray, alpha: float
) -> None:
    """Draw meshes over a part of a picture ``(h, w, 3)`` uint8, in place; four samples a pixel."""
    height, width = part.shape[:2]
    supersample = 1 if height * width > ONE_SAMPLE_ABOVE else 2
    background = part.astype(np.float32) / 255
    drawn = render(meshes, intrinsics, (width, height), background, supersample).color
    part[:] = to_uint8(background + np.float32(alpha) * (drawn - background))


def _blend_softened(
    part: np.ndarray, meshes: Sequence[Mesh], intrinsics: np.ndarray, alpha: float
) -> None:
    """As above with one sample a pixel; colour and cover are softened by a filter of 3x3 px."""
    canvas = Canvas(part.shape[1::-1], intrinsics)
    for mesh in meshes:
        canvas.draw(mesh)
    paint = cv2.GaussianBlur(cv2.convertScaleAbs(canvas.color, alpha=255 * alpha), (3, 3), 0)
    cover = cv2.GaussianBlur((canvas.index >= 0).view(np.uint8) * np.uint8(255), (3, 3), 0)
    hidden = cv2.multiply(part, cv2.merge([cover] * 3), scale=alpha / 255)
    part[:] = cv2.add(cv2.subtract(part, hidden), paint)


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
