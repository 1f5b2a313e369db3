"""The published occluder, a rectangle of noise."""

from typing import Literal

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.geometry.affine import apply_affine
from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import Visibility
from dpmesh_plugin.utils.choices import check_choice

from .pasting import hide_joints
from .randomness import new_generator

Place = Literal['person', 'published']


@TRANSFORMS.register_module()
class RectangleOcclusion(BaseTransform):
    """Cover a part of the person with a rectangle of noise.

    The published rule, except that the rectangle is placed where the person is. Up to ``tries``
    rectangles are drawn; the first that lies inside the crop is painted, possibly none.

    Required keys: ``img`` (h, w, 3) crop; ``bbox_xywh`` (4,) px of the image; ``warp_mat`` (2, 3).

    Optional keys: ``visibility`` (30,) with ``keypoints_2d`` (30, 2) px of the crop and
    ``keypoints_2d_valid`` (30,).

    Modified keys: ``img``; ``visibility``: visible joints below the rectangle are then hidden by an
    object.

    Args:
        prob: Probability of an occluder.
        max_area: Area of the rectangle as a share of the person's box, uniform in [0, max_area].
        aspect: Range of height divided by width, uniform.
        tries: Rectangles drawn at most.
        placement: ``'person'``, or ``'published'``: as in the release the box in pixels of the
            image is taken for one in pixels of the crop, so that most rectangles miss the person,
            and none fits where the person is far from the top left corner of the image.

    Raises:
        ValueError: unknown placement.
    """

    def __init__(
        self,
        *,
        prob: float = 1.0,
        max_area: float = 0.3,
        aspect: tuple[float, float] = (0.5, 2.0),
        tries: int = 6,
        placement: Place = 'person',
    ) -> None:
        check_choice('placement', placement, Place)
        self.prob = prob
        self.max_area = max_area
        self.aspect = aspect
        self.tries = tries
        self.placement = placement

    def transform(self, results: dict) -> dict:
        """Paint one rectangle, or none."""
        generator = new_generator()
        if generator.random() >= self.prob:
            return results
        placed = self.placement == 'person'
        box = person_in_picture(results) if placed else results['bbox_xywh']
        rectangle = self.draw(generator, box, results['img'].shape[:2])
        if rectangle is not None:
            x, y, width, height = rectangle
            image = results['img'].copy()
            noise = generator.integers(0, 256, (height, width, image.shape[2]), dtype=np.uint8)
            image[y : y + height, x : x + width] = noise
            results['img'] = image
            opacity = np.zeros(image.shape[:2], np.float32)
            opacity[y : y + height, x : x + width] = 1
            hide_joints(results, opacity, Visibility.OCCLUDED_BY_OBJECT)
        return results

    def draw(
        self, generator: np.random.Generator, box: np.ndarray, shape: tuple[int, int]
    ) -> tuple[int, int, int, int] | None:
        """Draw a rectangle ``(x, y, w, h)`` in whole pixels, or None where none fits.

        Args:
            generator: Source of randomness.
            box: (4,) the person, px of the crop.
            shape: Height and width of the crop.
        """
        for _ in range(self.tries):
            area = generator.uniform(0, self.max_area) * box[2] * box[3]
            aspect = generator.uniform(*self.aspect)
            height, width = int(np.sqrt(area * aspect)), int(np.sqrt(area / aspect))
            x = int(generator.random() * box[2] + box[0])
            y = int(generator.random() * box[3] + box[1])
            inside = x >= 0 and y >= 0 and x + width < shape[1] and y + height < shape[0]
            if inside and width and height:
                return x, y, width, height
        return None


def person_in_picture(results: dict) -> np.ndarray:
    """The upright box (4,) around the annotated box as it lies in the picture, px of the picture.

    The picture is the crop, or the whole image as long as there is no ``warp_mat``.
    """
    x, y, width, height = results['bbox_xywh']
    corners = np.array([[x, y], [x + width, y], [x, y + height], [x + width, y + height]])
    if 'warp_mat' in results:
        corners = apply_affine(corners, results['warp_mat'])
    limit = np.array(results['img'].shape[1::-1])
    low, high = (np.clip(edge, 0, limit) for edge in (corners.min(axis=0), corners.max(axis=0)))
    return np.concatenate([low, high - low])
