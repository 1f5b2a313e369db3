"""What can be put in front of a person."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .visibility import Visibility


@dataclass(frozen=True)
class Cutout:
    """The picture of one thing or person without a background.

    Args:
        pixels: (h, w, 4) uint8: RGB, and opacity from 0 to 255.
        cause: What joints behind it are hidden by: ``OCCLUDED_BY_OBJECT`` or
            ``OCCLUDED_BY_PERSON``.
    """

    pixels: np.ndarray
    cause: Visibility


class CutoutSource(Protocol):
    """A numbered collection of cut-outs; the same number is the same cut-out."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int) -> Cutout:
        """The cut-out of a number from 0."""


def trimmed(pixels: np.ndarray) -> np.ndarray:
    """The part of a picture (h, w, 4) around everything that is not fully transparent.

    Raises:
        ValueError: nothing is opaque.
    """
    opaque = pixels[..., 3] > 0
    columns, rows = np.flatnonzero(opaque.any(axis=0)), np.flatnonzero(opaque.any(axis=1))
    if not len(rows):
        raise ValueError('nothing of the picture is opaque')
    return np.ascontiguousarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
