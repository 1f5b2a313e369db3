"""The true keypoints beside those that the model is given."""

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CleanPrompt(BaseTransform):
    """Keep the true joints in the form of a prompt, for a teacher that may see them.

    They are what ``KeypointsToPrompt(source='annotation')`` gives after ``TopdownAffine`` with
    ``absent_keypoints='zero'``, before any error is added: joints that are not annotated are (0, 0)
    and, like those outside the crop, not visible. Comes after ``TopdownAffine``.

    Required keys: ``keypoints_2d`` (30, 2) px of the crop, ``keypoints_2d_valid`` (30,);
    ``warp_mat``.

    Optional keys: ``keypoints_2d_known`` (30,) bool: joints that the annotation has.

    Added keys: ``clean_keypoints`` (30, 2) px of the crop, ``clean_scores``, ``clean_visible``
    (30,) in {0, 1}, all float32.

    Raises:
        KeyError: the crop has not been cut yet, or there are no true joints.
    """

    def transform(self, results: dict) -> dict:
        """Add the clean prompt of one person."""
        missing = [name for name in ('keypoints_2d', 'warp_mat') if name not in results]
        if missing:
            raise KeyError(
                f'CleanPrompt needs {", ".join(missing)}: it comes after TopdownAffine, and after '
                'AnnotatedKeypoints or BodyModelKeypoints, which give the true joints'
            )
        keypoints = results['keypoints_2d'].astype(np.float32)
        known = results.get('keypoints_2d_known')
        if known is not None:
            keypoints = keypoints * known[:, None]
        visible = results['keypoints_2d_valid'].astype(np.float32)
        results['clean_keypoints'] = keypoints
        results['clean_scores'] = results['clean_visible'] = visible
        return results
