"""Where an occluder hurts: a square that slides over the crop, and the error of every joint.

The keypoints of the prompt stay as they are, so that the map shows what the picture is used for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from .subject import Errors, Subject

GREY = 128


@dataclass(frozen=True)
class Slider:
    """A grey square on a grid.

    Args:
        side: Its side as a share of the crop's.
        steps: Places along each side of the crop; the first and the last touch the border.

    Raises:
        ValueError: the square is larger than the crop, or there is no place.
    """

    side: float = 0.25
    steps: int = 7

    def __post_init__(self) -> None:
        if not (0 < self.side < 1 and self.steps >= 2):
            raise ValueError(
                f'expected a side between 0 and 1 and at least 2 steps, got {self.side} and '
                f'{self.steps}'
            )

    def corners(self, size: int) -> list[int]:
        """Upper or left ends (steps,) of the square along a side, px."""
        return np.rint(np.linspace(0, size - self.pixels(size), self.steps)).astype(int).tolist()

    def pixels(self, size: int) -> int:
        """Side of the square in px of a crop of that size."""
        return max(round(self.side * size), 1)

    def cover(self, packed: dict, left: int, top: int) -> dict:
        """A copy of a packed sample with the square on its crop."""
        image = packed['inputs'].clone()
        width, height = (self.pixels(image.shape[axis]) for axis in (2, 1))
        image[:, top : top + height, left : left + width] = GREY
        return {'inputs': image, 'data_samples': packed['data_samples'].clone()}


def sensitivity_map(subject: Subject, slider: Slider, clean: Errors) -> dict[str, Any]:
    """How much the error of every joint rises for every place of the square.

    Args:
        subject: What is tested.
        slider: The square.
        clean: Errors of the same samples without it.

    Returns:
        ``rise``: (K, steps, steps) mean rise in mm by joint, row, column; ``joints``: names (K,);
        ``crop``: mean crop (h, w) in 0..255; ``side`` and ``steps`` of the square; ``samples``.
    """
    samples = subject.samples()
    batches = _batches(samples, slider, subject.batch_size)
    errors = subject.measure(batches).joints
    steps, count = slider.steps, len(clean.joints)
    errors = errors.reshape(count, steps, steps, -1)
    rise = np.nanmean(errors - clean.joints[:, None, None], axis=0)
    crops = [_grey(samples[index]['inputs']) for index in range(count)]
    return {
        'joints': list(subject.joint_names),
        'rise': rise.transpose(2, 0, 1).round(2).tolist(),
        'crop': np.mean(crops, axis=0).round().astype(int).tolist(),
        'side': slider.side,
        'steps': steps,
        'samples': count,
    }


def _batches(samples: Any, slider: Slider, batch_size: int) -> Iterator[dict]:
    """Batches of covered samples: all places of the first, row by row, then the next."""
    pending = []
    for index in range(len(samples)):
        packed = samples[index]
        height, width = packed['inputs'].shape[1:]
        for top in slider.corners(height):
            for left in slider.corners(width):
                pending.append(slider.cover(packed, left, top))
                if len(pending) == batch_size:
                    yield _collated(pending)
                    pending = []
    if pending:
        yield _collated(pending)


def _collated(items: list[dict]) -> dict:
    return {name: [item[name] for item in items] for name in ('inputs', 'data_samples')}


def _grey(crop: Tensor) -> np.ndarray:
    """A crop (3, h, w) as a small grey picture."""
    return crop.float().mean(dim=0)[::4, ::4].numpy()
