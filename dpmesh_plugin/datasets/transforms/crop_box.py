"""The square around a person that becomes the crop."""

from typing import Literal

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.geometry.boxes import box_is_usable, clip_box, keypoint_box, square_box
from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.utils.choices import check_choice

from .randomness import new_generator

Source = Literal['keypoints', 'annotation']

# Keypoints within so many px of each other are those of nobody who can be seen.
_ONE_PLACE = 2.0


@TRANSFORMS.register_module()
class CropBox(BaseTransform):
    """Choose the crop: around the prompt as in the published tests, or the given box.

    The box is clipped to the image, made square about its centre and enlarged by ``margin``. Where
    no visible keypoint gives a box with an area, the given box takes its place. Without one, two
    visible keypoints are needed that lie more than about a pixel apart.

    Required keys: ``ori_shape`` (w, h); ``bbox_xywh`` (4,) or None, px of the image; for
    ``source='keypoints'`` ``prompt_keypoints`` (30, 2) px of the image, ``prompt_visible`` (30,).

    Added keys: ``crop_box`` (4,) float32, square, px of the image.

    Args:
        source: ``'keypoints'``: the box around the prompt; ``'annotation'``: the given one.
        least_share: The given box takes the place of one around the prompt whose longer side is
            less than this share of its own: keypoints of a face do not tell how large a person is.
            0: never, as published; a pair is the range of a uniform draw.
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
        least_share: float | tuple[float, float] = 0.0,
    ) -> None:
        check_choice('source', source, Source)
        self.source = source
        self.expand = expand
        self.margin = margin
        self.least_share = least_share

    def transform(self, results: dict) -> dict:
        """Add the crop box of one person."""
        size = results['ori_shape']
        factor, least_share = _draw(self.margin), _draw(self.least_share)
        crop_box = None
        if self.source == 'keypoints' and _say_where(results):
            box = keypoint_box(results['prompt_keypoints'], results['prompt_visible'], self.expand)
            if not _is_part(box, results.get('bbox_xywh'), least_share):
                crop_box = square_box(clip_box(box, size), factor=factor)
        if crop_box is None or crop_box[2] <= 0:
            crop_box = square_box(clip_box(self._annotated(results), size), factor=factor)
        results['crop_box'] = crop_box.astype(np.float32)
        return results

    def _annotated(self, results: dict) -> np.ndarray:
        if _has_box(results):
            return np.asarray(results['bbox_xywh'])
        box, size = results.get('bbox_xywh'), results['ori_shape']
        missing = 'no box' if box is None else f'box {np.asarray(box).tolist()}'
        if self.source == 'keypoints':
            missing = f'{_what_is_wrong(results)} and {missing}'
        raise ValueError(
            f'{results.get("img_path")}, annotation {results.get("sample_idx")}: {missing} '
            f'in the image of {size}; give keypoints above the threshold or a box (x, y, w, h) '
            'inside the image, or leave the person out'
        )


def in_one_place(keypoints: np.ndarray) -> bool:
    """Whether all keypoints (K, 2) px, at least one, lie within about a pixel."""
    return bool(np.ptp(keypoints, axis=0).max() < _ONE_PLACE)


def one_place_words(keypoints: np.ndarray) -> str:
    """What is said about keypoints (K, 2) of which :func:`in_one_place` holds."""
    place = ', '.join(f'{value:.3g}' for value in keypoints.mean(axis=0))
    return (
        f'all {len(keypoints)} confident keypoints lie within about a pixel, at ({place}) '
        '(are they normalised to 0..1? expected px of the image)'
    )


def _draw(setting: float | tuple[float, float]) -> float:
    """A number, or one between the two of a pair."""
    return setting if isinstance(setting, float | int) else new_generator().uniform(*setting)


def _is_part(box: np.ndarray, given: np.ndarray | None, least_share: float) -> bool:
    """Whether keypoints in ``box`` show too little of whom the given box surrounds."""
    return given is not None and box[2:].max() < least_share * np.max(given[2:])


def _seen(results: dict) -> np.ndarray:
    return np.asarray(results['prompt_keypoints'])[np.asarray(results['prompt_visible']) > 0]


def _has_box(results: dict) -> bool:
    box = results.get('bbox_xywh')
    return box is not None and bool(box_is_usable(box, results['ori_shape']))


def _say_where(results: dict) -> bool:
    """Whether there are keypoints for a box; with an annotated one the published rule decides."""
    seen = _seen(results)
    return len(seen) > 0 and (_has_box(results) or not in_one_place(seen))


def _what_is_wrong(results: dict) -> str:
    """Why the keypoints give no crop."""
    seen = _seen(results)
    if not len(seen):
        return 'no confident keypoint'
    if len(seen) == 1:
        return 'only 1 confident keypoint (without a box at least 2 are needed)'
    if in_one_place(seen):
        return one_place_words(seen)
    return f'none of {len(seen)} confident keypoints'
