"""Errors of a keypoint detector, imitated."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.registry import TRANSFORMS

from .randomness import new_generator


@TRANSFORMS.register_module()
class KeypointJitter(BaseTransform):
    """Move prompt keypoints by Gaussian noise and hide some of them.

    Required keys: ``prompt_keypoints`` (30, 2) px of the crop, ``prompt_visible`` (30,),
    ``input_size`` (w, h).

    Modified keys: ``prompt_keypoints`` (visible ones), ``prompt_visible``.

    Args:
        sigma: Standard deviation of the noise as a share of the height of the crop; of a pair, one
            between the two is drawn for every person.
        drop_prob: Probability that a keypoint is hidden.
    """

    keypoint_errors = 'jitter'

    def __init__(
        self, *, sigma: float | tuple[float, float] = 0.01, drop_prob: float = 0.0
    ) -> None:
        self.sigma = sigma if isinstance(sigma, Sequence) else (sigma, sigma)
        self.drop_prob = drop_prob

    def transform(self, results: dict) -> dict:
        """Disturb the prompt of one person."""
        generator = new_generator()
        keypoints, visible = results['prompt_keypoints'], results['prompt_visible']
        noise = generator.standard_normal(keypoints.shape, dtype=np.float32)
        noise *= generator.uniform(*self.sigma) * results['input_size'][1]
        results['prompt_keypoints'] = keypoints + noise * visible[:, None]
        results['prompt_visible'] = visible * (generator.random(len(visible)) >= self.drop_prob)
        return results
