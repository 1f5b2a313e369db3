"""Boxes around people, as NumPy arrays ``(x, y, w, h)`` in pixels.

Convention: x to the right, y down, the centre of the top left pixel is (0, 0). Clipping counts
pixels, so a box of width w that starts at x ends at the pixel x + w - 1: clipping (0, 0, 640, 480)
to an image of 640 x 480 gives (0, 0, 639, 479).
"""

import numpy as np


def keypoint_box(keypoints: np.ndarray, valid: np.ndarray, expand: float = 1.2) -> np.ndarray:
    """The box around the valid keypoints, enlarged about its centre.

    Args:
        keypoints: (K, 2) px.
        valid: (K,) true or non-zero where a keypoint counts.
        expand: Factor on width and height. 1.2 is the published one.

    Returns:
        Box (4,) float64, ``(x, y, w, h)`` px.

    Raises:
        ValueError: no keypoint is valid.
    """
    chosen = np.asarray(keypoints, dtype=np.float64)[np.asarray(valid, dtype=bool)]
    if not len(chosen):
        raise ValueError(f'expected at least one valid keypoint, got none of {len(keypoints)}')
    low, high = chosen.min(axis=0), chosen.max(axis=0)
    size = (high - low) * expand
    return np.concatenate([(low + high - size) / 2, size])


def clip_box(bbox_xywh: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """Clip boxes to the image by the published rule.

    The left and top edge move into the image and the width is kept from there, so a box that
    hangs over the left edge reaches further right than before. A box beyond the right or lower
    edge comes out with a negative size; :func:`box_is_usable` tells.

    Args:
        bbox_xywh: (..., 4) px.
        image_size: Width and height of the image.

    Returns:
        Boxes (..., 4) float64.
    """
    boxes = np.asarray(bbox_xywh, dtype=np.float64)
    start = np.maximum(boxes[..., :2], 0)
    last = np.asarray(image_size, dtype=np.float64) - 1
    end = np.minimum(last, start + np.maximum(boxes[..., 2:] - 1, 0))
    return np.concatenate([start, end - start], axis=-1)


def box_is_usable(bbox_xywh: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """Whether boxes have an area and overlap the image (the published training rule).

    Args:
        bbox_xywh: (..., 4) px.
        image_size: Width and height of the image, or arrays (..., 2) of them.

    Returns:
        Booleans (...,). False also for boxes that are not finite.
    """
    boxes = np.asarray(bbox_xywh, dtype=np.float64)
    clipped = clip_box(boxes, image_size)
    with_area = boxes[..., 2] * boxes[..., 3] > 0
    return np.isfinite(boxes).all(axis=-1) & with_area & (clipped[..., 2:] >= 0).all(axis=-1)


def square_box(bbox_xywh: np.ndarray, ratio: float = 1.0, factor: float = 1.0) -> np.ndarray:
    """Extend the shorter side about the centre to an aspect ratio, then enlarge.

    Args:
        bbox_xywh: (4,) px.
        ratio: Width divided by height of the result.
        factor: Factor on both sides after that.

    Returns:
        Box (4,) float64 with the same centre.
    """
    box = np.asarray(bbox_xywh, dtype=np.float64)
    centre = box[:2] + box[2:] / 2
    height = max(box[3], box[2] / ratio)
    size = np.array([height * ratio, height]) * factor
    return np.concatenate([centre - size / 2, size])


def box_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes, broadcast against each other.

    Args:
        first: (..., 4) px.
        second: (..., 4) px.

    Returns:
        (...,) in [0, 1]; 0 where the union is empty.
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    start = np.maximum(first[..., :2], second[..., :2])
    end = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    inside = np.maximum(end - start, 0).prod(axis=-1)
    union = first[..., 2:].prod(axis=-1) + second[..., 2:].prod(axis=-1) - inside
    return np.divide(inside, union, out=np.zeros_like(inside), where=union > 0)
