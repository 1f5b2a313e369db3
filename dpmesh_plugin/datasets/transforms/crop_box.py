"""The square around a person that becomes the crop."""

from typing import Literal, get_args

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.geometry.boxes import box_is_usable, clip_box, keypoint_box, square_box
from dpmesh_plugin.registry import TRANSFORMS

from .randomness import new_generator

Source = Literal['keypoints', 'annotation']


@TRANSFORMS.register_module()
class CropBox(BaseTransform):
    """Choose the crop: around the prompt as in the published tests, or the given box.

    The box is clipped to the image, made square about its centre and enlarged by ``margin``. Where
    no visible keypoint gives a box with an area, the given box takes its place.

    Required keys: ``ori_shape`` (w, h); ``bbox_xywh`` (4,) or None, px of the image; for
    ``source='keypoints'`` ``prompt_keypoints`` (30, 2) px of the image, ``prompt_visible`` (30,).

    Added keys: ``crop_box`` (4,) float32, square, px of the image.

    Args:
        source: ``'keypoints'``: the box around the prompt; ``'annotation'``: the given one.
        least_share: The given box takes the place of one around the prompt whose longer side is
            less than this share of its own: keypoints of a face do not tell how large a person is.
            0: never, as published.
        expand: Factor on the box around keypoints, about its centre.
        margin: Factor on the square, 1.1 in the published tests; a pair is the range of a uniform
            draw, (1.0, 1.2) in the published training.

    Raises:
        ValueError: unknown source, or neither keypoints nor annotation give a box.
    """

    def __init__(
        self,
        *,
        source: Source = 'keypoints',
        expand: float = 1.2,
        margin: float | tuple[float, float] = 1.1,
        least_share: float = 0.0,
    ) -> None:
        if source not in get_args(Source):
            raise ValueError(f'expected source {get_args(Source)}, got {source!r}')
        self.source = source
        self.expand = expand
        self.margin = margin
        self.least_share = least_share

    def transform(self, results: dict) -> dict:
        """Add the crop box of one person."""
        size = results['ori_shape']
        factor = self.draw_margin()
        crop_box = None
        if self.source != 'annotation' and results['prompt_visible'].any():
            box = keypoint_box(results['prompt_keypoints'], results['prompt_visible'], self.expand)
            if not self._is_part(box, results.get('bbox_xywh')):
                crop_box = square_box(clip_box(box, size), factor=factor)
        if crop_box is None or crop_box[2] <= 0:
            crop_box = square_box(clip_box(self._annotated(results), size), factor=factor)
        results['crop_box'] = crop_box.astype(np.float32)
        return results

    def draw_margin(self) -> float:
        """The factor of one sample."""
        if isinstance(self.margin, float | int):
            return self.margin
        return new_generator().uniform(*self.margin)

    def _is_part(self, box: np.ndarray, given: np.ndarray | None) -> bool:
        """Whether keypoints in ``box`` show too little of whom the given box surrounds."""
        return given is not None and box[2:].max() < self.least_share * np.max(given[2:])

    @staticmethod
    def _annotated(results: dict) -> np.ndarray:
        box, size = results.get('bbox_xywh'), results['ori_shape']
        if box is None or not box_is_usable(box, size):
            found = 'no box' if box is None else f'box {np.asarray(box).tolist()}'
            raise ValueError(
                f'{results.get("img_path")}, annotation {results.get("sample_idx")}: no confident '
                f'keypoint and {found} in the image of {size}; give keypoints above the threshold '
                'or a box (x, y, w, h) inside the image, or leave the person out'
            )
        return np.asarray(box)
