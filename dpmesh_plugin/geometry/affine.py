"""Affine maps between an image and a crop of it.

Convention: pixel centres at integer coordinates, x to the right, y down. A positive rotation turns
the crop window clockwise as seen on the screen, so the content turns counter-clockwise. By hand:
a square box of side 256 with centre (128, 128), turned by 90 degrees, puts the image point
(128, 256), straight below the centre, at (256, 128) of the crop, straight right of its centre.
"""

import cv2
import numpy as np

# OpenCV before version 5 rounds sample positions to 1/1024 px along each axis of the crop and then
# to 1/32 px. Version 5 does not, so the rounding is done here: crops are the same everywhere.
_ROUNDING_BITS, _STEP_BITS = 10, 5
_ROUNDING, _STEPS = 1 << _ROUNDING_BITS, 1 << _STEP_BITS
# Positions are 16 bit integers; -2 is the first that touches no pixel.
_OUTSIDE, _FARTHEST = -2, np.iinfo(np.int16).max


def crop_affine(
    bbox_xywh: np.ndarray,
    output_size: tuple[int, int],
    *,
    scale: float = 1.0,
    rotation: float = 0.0,
    mirror_width: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The affine map that fills a crop with a box, and the way back.

    The map is fixed by three points, the centre of the box, the middle of its lower edge and the
    middle of its right edge, turned about the centre. The way back is built from the same points
    swapped. A box of another aspect ratio than the crop is stretched.

    Args:
        bbox_xywh: (4,) px of the original image.
        output_size: Width and height of the crop.
        scale: Factor on the box.
        rotation: In-plane rotation of the box, degrees.
        mirror_width: Width of the original image if the crop shows it mirrored left to right. The
            maps still take and give pixels of the original image, so nobody needs a mirrored copy.

    Returns:
        Map from original to crop pixels and map from crop to original pixels, (2, 3) float64.
        As published their entries are rounded to float32 (before the mirroring is put in).

    Raises:
        ValueError: the box has no area or is not finite.
    """
    box = np.asarray(bbox_xywh, dtype=np.float64)
    if not (np.isfinite(box).all() and box[2] > 0 and box[3] > 0):
        raise ValueError(f'expected a finite box (x, y, w, h) with an area, got {box.tolist()}')
    centre = box[:2] + box[2:] / 2
    if mirror_width is not None:
        centre[0] = mirror_width - 1 - centre[0]
    source = _three_points(centre, box[2:] * scale, np.deg2rad(rotation))
    size = np.asarray(output_size, dtype=np.float64)
    target = _three_points(size / 2, size, 0.0)
    forward = cv2.getAffineTransform(source, target).astype(np.float32).astype(np.float64)
    backward = cv2.getAffineTransform(target, source).astype(np.float32).astype(np.float64)
    if mirror_width is not None:
        forward = mirror_affine(forward, mirror_width)
        backward[0] = [0, 0, mirror_width - 1] - backward[0]
    return forward, backward


def mirror_affine(matrix: np.ndarray, width: int) -> np.ndarray:
    """The map (2, 3) that first mirrors an image of that width, x -> width - 1 - x."""
    return np.stack(
        [-matrix[:, 0], matrix[:, 1], matrix[:, 2] + matrix[:, 0] * (width - 1)], axis=1
    )


def apply_affine(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Map points (..., 2) by a matrix (2, 3)."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def warp_affine(image: np.ndarray, matrix: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    """Resample an image bilinearly on a grid of 1/32 px, black outside.

    With a float32 image this is the published crop, bit for bit, under any version of OpenCV.

    Args:
        image: (H, W, C) uint8 or float32.
        matrix: (2, 3) map from image pixels to output pixels; a mirroring one is welcome.
        output_size: Width and height of the result.

    Returns:
        (height, width, C), same type as ``image``.
    """
    width = image.shape[1]
    mirrored = np.linalg.det(matrix[:, :2]) < 0
    inverse = cv2.invertAffineTransform(mirror_affine(matrix, width) if mirrored else matrix)
    columns, rows = (np.arange(size) for size in output_size)
    along_x = np.rint(inverse[:, :1] * columns * _ROUNDING).astype(np.int32)
    along_y = np.rint((inverse[:, 1:2] * rows + inverse[:, 2:]) * _ROUNDING).astype(np.int32)
    half = _ROUNDING // _STEPS // 2
    steps = along_y[:, :, None] + (along_x[:, None, :] + half)
    steps >>= _ROUNDING_BITS - _STEP_BITS
    if mirrored:
        steps[0] = (width - 1) * _STEPS - steps[0]
    whole = np.empty((output_size[1], output_size[0], 2), np.int16)
    np.clip(steps[0] >> _STEP_BITS, _OUTSIDE, _FARTHEST, out=whole[..., 0], casting='unsafe')
    np.clip(steps[1] >> _STEP_BITS, _OUTSIDE, _FARTHEST, out=whole[..., 1], casting='unsafe')
    steps &= _STEPS - 1
    weights = (steps[1] * _STEPS + steps[0]).astype(np.uint16)
    return cv2.remap(image, whole, weights, cv2.INTER_LINEAR)


def _three_points(centre: np.ndarray, size: np.ndarray, angle: float) -> np.ndarray:
    """Centre, middle of the lower edge, middle of the right edge: (3, 2) float32."""
    cosine, sine = np.cos(angle), np.sin(angle)
    down = np.array([-sine, cosine]) * size[1] / 2
    right = np.array([cosine, sine]) * size[0] / 2
    return centre.astype(np.float32) + np.stack([0 * down, down, right]).astype(np.float32)
