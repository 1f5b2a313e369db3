"""2D keypoints over an image."""

import cv2
import numpy as np

from dpmesh_plugin.structures import get_keypoint_set

LEFT, RIGHT, MIDDLE = (90, 160, 255), (255, 150, 70), (235, 235, 235)
"""RGB of the bones on the person's left, on the right, and of those that join or have no side."""

_CONFIDENCE_COLORS = np.array([[215, 48, 39], [254, 224, 80], [60, 180, 75]], np.float64)
_SUBPIXEL_BITS = 4


def confidence_color(score: float) -> tuple[int, int, int]:
    """RGB 0..255 of a confidence: red at 0, yellow at 0.5, green at 1 and above."""
    place = np.clip(score, 0, 1) * 2
    channels = [np.interp(place, [0, 1, 2], channel) for channel in _CONFIDENCE_COLORS.T]
    return tuple(round(channel) for channel in channels)


def draw_keypoints(
    image: np.ndarray,
    keypoints: np.ndarray,
    scores: np.ndarray,
    keypoint_set: str,
    *,
    visible: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a skeleton whose points show their confidence by colour and size.

    Points with score 0 are absent and not drawn, nor are their bones. Points that are not
    ``visible`` are hollow.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        keypoints: ``(K, 2)`` px, pixel centres at integers.
        scores: ``(K,)`` confidences, 0..1.
        keypoint_set: Name of the set.
        visible: ``(K,)`` true where a point may be used; by default everywhere.

    Returns:
        ``(H, W, 3)`` uint8 RGB, a new array.

    Raises:
        KeyError: unknown keypoint set.
        ValueError: the number of points is not that of the set.
    """
    members = get_keypoint_set(keypoint_set)
    usable = np.ones(members.num, bool) if visible is None else np.asarray(visible).astype(bool)
    shapes = [np.shape(keypoints), np.shape(scores), usable.shape]
    if shapes != [(members.num, 2), (members.num,), (members.num,)]:
        raise ValueError(
            f'{keypoint_set!r} has {members.num} keypoints, got keypoints, scores and visible of '
            f'shapes {shapes}'
        )
    canvas = np.ascontiguousarray(image).copy()
    unit = min(image.shape[:2]) / 256
    drawable = (np.asarray(scores) > 0) & np.isfinite(keypoints).all(axis=1)
    places = [
        _fixed_point(point) if drawn else None
        for point, drawn in zip(keypoints, drawable, strict=True)
    ]
    for start, end in members.links:
        if places[start] and places[end]:
            color = _bone_color(members.names[start], members.names[end])
            width = max(1, round(1.5 * unit))
            cv2.line(canvas, places[start], places[end], color, width, cv2.LINE_AA, _SUBPIXEL_BITS)
    for place, score, filled in zip(places, scores, usable, strict=True):
        if place:
            radius = round((2 + 1.2 * min(float(score), 1)) * unit * 2**_SUBPIXEL_BITS)
            thickness = cv2.FILLED if filled else max(1, round(unit))
            color = confidence_color(score)
            cv2.circle(canvas, place, radius, color, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    return canvas


def _bone_color(start: str, end: str) -> tuple[int, int, int]:
    """A bone belongs to a side when one of its joints does and the other does not contradict."""
    sides = {name.split('_')[0] for name in (start, end)} & {'left', 'right'}
    return {('left',): LEFT, ('right',): RIGHT}.get(tuple(sides), MIDDLE)


def _fixed_point(point: np.ndarray) -> tuple[int, int]:
    """Pixel position in the fixed-point numbers that OpenCV's drawing functions take."""
    limit = np.iinfo(np.int16).max
    x, y = np.rint(np.clip(point, -limit, limit) * 2**_SUBPIXEL_BITS).astype(int).tolist()
    return x, y
