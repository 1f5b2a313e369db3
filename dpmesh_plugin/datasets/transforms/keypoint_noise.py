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


@TRANSFORMS.register_module()
class KeypointCut(BaseTransform):
    """Miss all keypoints beyond a line, as at the border of a picture or behind something large.

    The line lies anywhere, below the person more often than above. Comes before
    ``KeypointsToPrompt``, so that what is derived from a missed keypoint is missed too.

    Required keys: ``keypoints`` (K, 2) px of the image, ``keypoint_scores`` (K,).

    Modified keys: ``keypoint_scores``, 0 for the missed ones.

    Args:
        prob: Probability that a person is cut.
        least: Least number of keypoints that stay.
        spread: Standard deviation of the direction of the cut about straight down, degrees.
    """

    keypoint_errors = 'a cut'

    def __init__(self, *, prob: float = 0.25, least: int = 4, spread: float = 60.0) -> None:
        self.prob = prob
        self.least = least
        self.spread = spread

    def transform(self, results: dict) -> dict:
        """Cut one person."""
        generator = new_generator()
        if generator.random() >= self.prob:
            return results
        angle = np.deg2rad(self.spread * generator.standard_normal())
        depth = results['keypoints'] @ np.array([np.sin(angle), np.cos(angle)])
        found = np.flatnonzero(results['keypoint_scores'] > 0)
        kept = generator.integers(min(self.least, len(found)), len(found), endpoint=True)
        missed = found[np.argsort(depth[found])[kept:]]
        scores = results['keypoint_scores'].copy()
        scores[missed] = 0
        results['keypoint_scores'] = scores
        return results
