"""Pictures as files, and many on one sheet."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from dpmesh_plugin.utils.io import atomic_write


def save_image(image: np.ndarray, path: str | Path) -> None:
    """Write an image in the format that the suffix of ``path`` names; folders are made.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        path: For example ``overlay.png`` or ``overlay.jpg``.

    Raises:
        ValueError: OpenCV has no encoder for that suffix.
    """
    if not cv2.haveImageWriter(str(path)):
        raise ValueError(f'expected the name of a picture such as overlay.png, got {path}')
    with atomic_write(path) as temporary:
        cv2.imwrite(str(temporary), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))


def contact_sheet(
    images: Sequence[np.ndarray], columns: int, *, gap: int = 6, background: int = 255
) -> np.ndarray:
    """Put images in rows on one sheet, each in the middle of its cell.

    Args:
        images: Each ``(h, w, 3)`` uint8 RGB; sizes may differ.
        columns: Cells per row.
        gap: Space around the cells in px.
        background: Grey value of the sheet, 0..255.

    Returns:
        ``(H, W, 3)`` uint8 RGB.

    Raises:
        ValueError: there is no image, or no column.
    """
    if not images or columns < 1:
        raise ValueError(f'expected images and columns >= 1, got {len(images)} and {columns}')
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height, width = (max(image.shape[axis] for image in images) for axis in (0, 1))
    shape = (rows * (height + gap) + gap, columns * (width + gap) + gap, 3)
    sheet = np.full(shape, background, np.uint8)
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        top = gap + row * (height + gap) + (height - image.shape[0]) // 2
        left = gap + column * (width + gap) + (width - image.shape[1]) // 2
        sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
    return sheet


def picture_rows(
    rows: Sequence[Sequence[np.ndarray]], *, gap: int = 6, background: int = 255
) -> np.ndarray:
    """Put images of different sizes on one sheet, row after row, each row from the left.

    Args:
        rows: Images ``(h, w, 3)`` uint8 RGB, one or more in every row.
        gap: Space around the images in px.
        background: Grey value of the sheet, 0..255.

    Returns:
        ``(H, W, 3)`` uint8 RGB, as wide as the widest row.
    """
    heights = [max(image.shape[0] for image in row) for row in rows]
    widths = [sum(image.shape[1] + gap for image in row) for row in rows]
    sheet = np.full((sum(heights) + gap * (len(rows) + 1), max(widths) + gap, 3), background, 'u1')
    top = gap
    for row, height in zip(rows, heights, strict=True):
        left = gap
        for image in row:
            sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
            left += image.shape[1] + gap
        top += height + gap
    return sheet
