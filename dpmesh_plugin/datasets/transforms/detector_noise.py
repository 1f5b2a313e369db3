"""Errors of a detector at hand, as they were measured."""

from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform

from dpmesh_plugin.datasets.detector_noise import (
    DetectorErrors,
    TruePerson,
    draw_detection,
    nearest_joints,
    read_errors,
)
from dpmesh_plugin.registry import TRANSFORMS
from dpmesh_plugin.structures import (
    Visibility,
    get_keypoint_set,
    keypoint_map,
    map_keypoints,
)

from .keypoint_prompt import set_prompt
from .randomness import new_generator


@TRANSFORMS.register_module()
class DetectorNoise(BaseTransform):
    """Replace the true joints of the prompt by what a detector would have said.

    Comes after ``KeypointsToPrompt(source='annotation')`` and, so that what covers a joint counts,
    ``CutoutOcclusion``; and before ``CropBox``, which then sees what it sees in a test. The prompt
    has the joints of the detector, pelvis and neck derived from them as in a test; joints that the
    detector does not have are absent.

    Required keys: ``prompt_keypoints`` (30, 2) px of the image, ``prompt_visible`` (30,),
    ``prompt_set``; ``bbox_xywh`` (4,) px of the image; ``ori_shape`` (w, h).

    Optional keys: ``visibility`` (30,); ``neighbours`` (M, 17, 3): x and y in px of the image and
    score of the ``coco_17`` joints of other people.

    Modified keys: ``prompt_keypoints``, ``prompt_visible``.

    Added keys: ``prompt_scores`` (30,), ``prompt_known`` (30,).

    Args:
        errors: JSON file of ``tools/dataset_converters/fit_keypoint_noise.py``, or what was read
            from one.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file, or the picture was cropped already.
    """

    keypoint_errors = 'errors of a detector'

    def __init__(self, *, errors: str | Path | DetectorErrors) -> None:
        built = isinstance(errors, DetectorErrors)
        self.errors = errors if built else read_errors(errors)
        self._set = get_keypoint_set(self.errors.keypoint_set)

    def transform(self, results: dict) -> dict:
        """Detect one person."""
        if 'warp_mat' in results:
            raise ValueError(
                'DetectorNoise works in px of the image: put it before TopdownAffine and CropBox'
            )
        person = self._truth(results)
        detected = draw_detection(self.errors, person, new_generator())
        keypoints, scores = detected[:, :2], detected[:, 2]
        set_prompt(results, keypoints, scores, self._set.name, self.errors.threshold)
        return results

    def _truth(self, results: dict) -> TruePerson:
        """The joints of the detector's set as they are."""
        given, wanted = results['prompt_set'], self._set.name
        order = keypoint_map(given, wanted)
        keypoints = map_keypoints(results['prompt_keypoints'], given, wanted).astype(np.float64)
        causes = np.full(self._set.num, Visibility.UNKNOWN, int)
        if 'visibility' in results:
            causes = np.where(order >= 0, results['visibility'][order], causes)
        outside = ((keypoints < 0) | (keypoints >= results['ori_shape'])).any(axis=-1)
        size = float(np.sqrt(results['bbox_xywh'][2:].prod()))
        others = np.array(results.get('neighbours', np.zeros((0, 17, 3))), np.float64)
        others[others[..., 2] <= 0] = np.nan
        others = map_keypoints(others, 'coco_17', wanted)[..., :2]
        others[:, keypoint_map('coco_17', wanted) < 0] = np.nan
        return TruePerson(
            keypoints=keypoints,
            present=(order >= 0) & (results['prompt_visible'][order] > 0),
            causes=np.where(outside, Visibility.TRUNCATED, causes),
            size=size,
            neighbour=nearest_joints(keypoints, others, size),
        )
