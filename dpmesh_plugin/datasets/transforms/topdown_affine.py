"""Cutting the crop."""

from typing import Literal

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.geometry.affine import apply_affine, crop_affine, warp_affine
from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.utils.choices import check_choice

from .augmentation import Augmentation
from .targets import within_depth

AbsentKeypoints = Literal['origin', 'zero']
PixelType = Literal['uint8', 'float32']


@TRANSFORMS.register_module()
class TopdownCoordinates(BaseTransform):
    """Map all image coordinates into the crop, for models that never look at it.

    Joints outside the crop, and true joints more than a metre nearer or farther than the pelvis,
    become invisible.

    Required keys: ``ori_shape`` (w, h), ``crop_box`` (4,) px of the image, ``prompt_keypoints``
    (30, 2) px of the image, ``prompt_known``, ``prompt_visible`` (30,).

    Optional keys: ``augmentation``; ``keypoints_2d`` (30, 2) px of the image with
    ``keypoints_2d_valid`` (30,) and ``keypoints_3d`` (30, 3); ``fit_keypoints_2d`` with
    ``fit_keypoints_valid`` and ``fit_keypoints_3d`` in the same way.

    Modified keys: ``prompt_keypoints``, ``keypoints_2d``, ``fit_keypoints_2d``: px of the crop;
    ``prompt_visible``, ``keypoints_2d_valid``, ``fit_keypoints_valid``.

    Added keys: ``warp_mat`` (2, 3) float32 from px of the image to px of the crop;
    ``input_size`` (w, h).

    Args:
        input_size: Width and height of the crop.
        absent_keypoints: Where prompt joints that the source does not have go, since they are
            masked but still reach the model: ``'origin'``, the place of the image's (0, 0), as in
            the published tests, or ``'zero'``, as in the published training.

    Raises:
        ValueError: an argument is none of the named, or the crop box has no area.
    """

    def __init__(
        self,
        *,
        input_size: tuple[int, int] = (256, 256),
        absent_keypoints: AbsentKeypoints = 'origin',
    ) -> None:
        check_choice('absent_keypoints', absent_keypoints, AbsentKeypoints)
        self.input_size = tuple(input_size)
        self.absent_keypoints = absent_keypoints

    def transform(self, results: dict) -> dict:
        """Map the coordinates of one person."""
        self.map_coordinates(results)
        return results

    def map_coordinates(self, results: dict) -> np.ndarray:
        """Map into the crop (in place).

        Returns:
            The map (2, 3) float64.
        """
        augmentation = results.get('augmentation', Augmentation())
        matrix, _ = crop_affine(
            results['crop_box'],
            self.input_size,
            scale=augmentation.scale,
            rotation=augmentation.rotation,
            mirror_width=results['ori_shape'][0] if augmentation.flip else None,
        )
        results['warp_mat'] = matrix.astype(np.float32)
        results['input_size'] = self.input_size
        self._map_prompt(results, matrix)
        for prefix in ('', 'fit_'):
            if f'{prefix}keypoints_2d' in results:
                self._map_targets(results, matrix, prefix)
        return matrix

    def _map_prompt(self, results: dict, matrix: np.ndarray) -> None:
        keypoints = apply_affine(results['prompt_keypoints'], matrix)
        if self.absent_keypoints == 'zero':
            keypoints[~results['prompt_known']] = 0
        results['prompt_keypoints'] = keypoints.astype(np.float32)
        results['prompt_visible'] = results['prompt_visible'] * self._inside(keypoints)

    def _map_targets(self, results: dict, matrix: np.ndarray, prefix: str) -> None:
        keypoints = apply_affine(results[f'{prefix}keypoints_2d'], matrix)
        valid = f'{prefix}keypoints_valid' if prefix else 'keypoints_2d_valid'
        seen = self._inside(keypoints) & within_depth(results[f'{prefix}keypoints_3d'])
        results[f'{prefix}keypoints_2d'] = keypoints.astype(np.float32)
        results[valid] = results[valid] * seen

    def _inside(self, keypoints: np.ndarray) -> np.ndarray:
        return ((keypoints >= 0) & (keypoints < self.input_size)).all(axis=-1)


@TRANSFORMS.register_module()
class TopdownAffine(TopdownCoordinates):
    """Cut the crop and map all image coordinates into it, in one resampling.

    A mirrored and rotated crop (see ``RandomScaleRotateFlip``) is cut straight from the original
    image.

    Required keys: ``img`` (H, W, 3) RGB, and those of :class:`TopdownCoordinates`.

    Optional and added keys: those of :class:`TopdownCoordinates`.

    Modified keys: ``img`` (h, w, 3) RGB, and those of :class:`TopdownCoordinates`.

    Args:
        input_size: Width and height of the crop.
        dtype: ``'uint8'``, or ``'float32'`` (0..255) for crops that are not rounded: these are the
            published ones, and differ from the rounded ones by up to half a grey level.
        absent_keypoints: See :class:`TopdownCoordinates`.

    Raises:
        ValueError: an argument is none of the named, or the crop box has no area.
    """

    def __init__(
        self,
        *,
        input_size: tuple[int, int] = (256, 256),
        dtype: PixelType = 'uint8',
        absent_keypoints: AbsentKeypoints = 'origin',
    ) -> None:
        super().__init__(input_size=input_size, absent_keypoints=absent_keypoints)
        check_choice('dtype', dtype, PixelType)
        self.dtype = np.dtype(dtype)

    def transform(self, results: dict) -> dict:
        """Cut one crop."""
        matrix = self.map_coordinates(results)
        image = results['img'].astype(self.dtype, copy=False)
        results['img'] = warp_affine(image, matrix, self.input_size)
        return results
