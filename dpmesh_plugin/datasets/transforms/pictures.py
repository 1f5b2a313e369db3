"""Training pictures without people: a part of a picture, and its packing."""

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform

from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import MeshDataSample

from .randomness import new_generator


@TRANSFORMS.register_module()
class RandomSquareCrop(BaseTransform):
    """Cut a random square out of the picture, scale it to the size of a crop, mirror half of them.

    Required keys: ``img`` (H, W, 3) RGB.

    Modified keys: ``img`` (s, s, 3).

    Args:
        input_size: Side s of the result, px.
        min_share: Least side of the square, as a share of the picture's shorter side.

    Raises:
        ValueError: the share is not above 0 and at most 1.
    """

    def __init__(self, *, input_size: int = 256, min_share: float = 0.5) -> None:
        if not 0 < min_share <= 1:
            raise ValueError(f'expected min_share above 0 and at most 1, got {min_share}')
        self.input_size = input_size
        self.min_share = min_share

    def transform(self, results: dict) -> dict:
        """Cut one square."""
        generator = new_generator()
        height, width = results['img'].shape[:2]
        side = round(min(height, width) * generator.uniform(self.min_share, 1))
        side = max(side, 1)
        top = generator.integers(height - side + 1)
        left = generator.integers(width - side + 1)
        square = results['img'][top : top + side, left : left + side]
        if generator.random() < 0.5:
            square = square[:, ::-1]
        method = cv2.INTER_AREA if side > self.input_size else cv2.INTER_LINEAR
        size = (self.input_size, self.input_size)
        results['img'] = cv2.resize(np.ascontiguousarray(square), size, interpolation=method)
        return results


@TRANSFORMS.register_module()
class PackImage(BaseTransform):
    """Pack a picture alone.

    Required keys: ``img`` (h, w, 3) RGB, ``img_path``, ``sample_idx``.

    Optional keys: ``skipped``.

    Returns keys: ``inputs`` (3, h, w); ``data_samples`` with nothing but the metainfo.
    """

    def transform(self, results: dict) -> dict:
        """Pack one picture."""
        metainfo = {
            key: results[key] for key in ('img_path', 'sample_idx', 'skipped') if key in results
        }
        image = np.ascontiguousarray(results['img'].transpose(2, 0, 1))
        return {
            'inputs': torch.from_numpy(image),
            'data_samples': MeshDataSample(metainfo=metainfo),
        }
