"""From the keypoints of a sample to what the model is told."""

from typing import Literal

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import (
    get_keypoint_set,
    keypoint_map,
    map_keypoints,
    with_derived_joints,
)
from dpmesh_plugin.utils.choices import check_choice

from .targets import within_depth

Source = Literal['detection', 'annotation']


@TRANSFORMS.register_module()
class KeypointsToPrompt(BaseTransform):
    """Choose the keypoints the model is given, in the joint order of the model.

    Detected keypoints gain pelvis and neck (the centre of two joints, confidence the product of
    theirs), are mapped by name, and count where their confidence is above the threshold. Joints
    that the detector does not know are (0, 0) with confidence 0.

    Required keys: for ``source='detection'`` ``keypoints`` (K, 2) px of the image,
    ``keypoint_scores`` (K,), ``keypoint_set``; for ``source='annotation'`` ``keypoints_2d``
    (30, 2), ``keypoints_2d_valid`` (30,), ``keypoints_3d`` (30, 3), optionally
    ``keypoints_2d_known`` (30,).

    Added keys: ``prompt_keypoints`` (30, 2) px of the image, ``prompt_scores`` (30,),
    ``prompt_visible`` (30,) in {0, 1}, all float32; ``prompt_known`` (30,) bool: joints that the
    source has; ``prompt_set``.

    Args:
        source: ``'detection'``, or ``'annotation'`` for the true joints, as in training.
        threshold: Least confidence, exclusive.
        keypoint_set: Joint order of the model.

    Raises:
        KeyError: unknown keypoint set.
        ValueError: unknown source, or not as many keypoints as the set has.
    """

    def __init__(
        self,
        *,
        source: Source = 'detection',
        threshold: float = 0.05,
        keypoint_set: str = 'dpmesh_30',
    ) -> None:
        check_choice('source', source, Source)
        self.source = source
        self.threshold = threshold
        self.keypoint_set = get_keypoint_set(keypoint_set).name

    @property
    def keypoint_source(self) -> str | None:
        """What results call these keypoints where they are not those of the data set."""
        return 'ground truth' if self.source == 'annotation' else None

    def transform(self, results: dict) -> dict:
        """Add the prompt of one person."""
        add = self._from_detection if self.source == 'detection' else self._from_annotation
        results['prompt_set'] = self.keypoint_set
        add(results)
        return results

    def _from_detection(self, results: dict) -> None:
        keypoints, source = results['keypoints'], results['keypoint_set']
        expected = get_keypoint_set(source).num
        if keypoints.shape != (expected, 2):
            raise ValueError(
                f'{results.get("img_path")}, annotation {results.get("sample_idx")}: keypoint set '
                f'{source!r} has keypoints ({expected}, 2), got {keypoints.shape}'
            )
        set_prompt(results, keypoints, results['keypoint_scores'], source, self.threshold)

    def _from_annotation(self, results: dict) -> None:
        near = within_depth(results['keypoints_3d'])
        results['prompt_keypoints'] = results['keypoints_2d'].astype(np.float32)
        results['prompt_scores'] = results['keypoints_2d_valid'].astype(np.float32)
        results['prompt_visible'] = (results['keypoints_2d_valid'] * near).astype(np.float32)
        known = results.get('keypoints_2d_known')
        results['prompt_known'] = np.ones(len(near), bool) if known is None else known


def set_prompt(
    results: dict, keypoints: np.ndarray, scores: np.ndarray, keypoint_set: str, threshold: float
) -> None:
    """Make what a detector found the prompt, in the joint order of ``prompt_set`` (in place).

    Args:
        results: Gains ``prompt_keypoints``, ``prompt_scores``, ``prompt_visible``,
            ``prompt_known``.
        keypoints: (K, 2) px of the image.
        scores: (K,) confidences.
        keypoint_set: Set of the detector; pelvis and neck are derived from its joints.
        threshold: Least confidence, exclusive.
    """
    keypoints, scores, source = with_derived_joints(keypoints, scores, keypoint_set)
    joints = np.concatenate([keypoints, scores[:, None]], axis=1).astype(np.float32)
    joints = map_keypoints(joints, source, results['prompt_set'])
    results['prompt_keypoints'] = joints[:, :2]
    results['prompt_scores'] = joints[:, 2]
    results['prompt_visible'] = (joints[:, 2] > threshold).astype(np.float32)
    results['prompt_known'] = keypoint_map(source, results['prompt_set']) >= 0


def miss_keypoints(results: dict, missed: np.ndarray) -> None:
    """Forget keypoints (30,) of the prompt, as if the detector had missed them (in place).

    Convention: a missed keypoint lies at (0, 0) of the image with confidence 0.
    """
    origin = results['warp_mat'][:, 2] if 'warp_mat' in results else np.zeros(2)
    keypoints = np.where(missed[:, None], origin, results['prompt_keypoints'])
    results['prompt_keypoints'] = keypoints.astype(np.float32)
    for name in ('prompt_scores', 'prompt_visible'):
        results[name] = results[name] * ~missed
