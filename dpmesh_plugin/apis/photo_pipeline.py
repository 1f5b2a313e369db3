"""From a person in a photograph to a crop: the steps of a test, and what a mesh needs besides."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.dataset import Compose

from dpmesh_plugin.datasets.transforms import KeypointsToPrompt
from dpmesh_plugin.datasets.transforms.crop_box import in_one_place, one_place_words
from dpmesh_plugin.structures import keypoint_map

# Of a test pipeline, what reads the image (done once for all its persons) and what needs labels.
_NOT_FOR_INFERENCE = ('LoadMeshImage', 'BodyModelKeypoints')
LEAST_SHARE = 0.7
"""Keypoints in less than this share of a given box do not choose the crop; see ``CropBox``."""
MIN_KEYPOINTS = 3
"""A body is placed, sized and turned by its keypoints. One says where something of it is, two say
how large it is besides; with fewer than three the model draws someone it has not seen."""


def photo_pipeline(
    transforms: Sequence[Mapping[str, Any]], *, min_keypoints: int = MIN_KEYPOINTS
) -> Compose:
    """The pipeline of tests for persons of photographs, whose images are read already.

    Args:
        transforms: The steps of the test.
        min_keypoints: See :class:`PromptCheck`.
    """
    pipeline = Compose(photo_steps(transforms))
    for place, step in enumerate(pipeline.transforms):
        if isinstance(step, KeypointsToPrompt):
            check = PromptCheck(min_keypoints=min_keypoints, threshold=step.threshold)
            pipeline.transforms.insert(place + 1, check)
            break
    return pipeline


def photo_steps(test_pipeline: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps of a test that photographs go through.

    Tests crop around the keypoints, whatever is known of the box, since it often comes from the
    labels. In photographs it comes from a detector: where the keypoints are those of a part of a
    person, it tells how large the person is. A ``least_share`` of the config stays.

    Args:
        test_pipeline: The steps of the test.
    """
    steps = [dict(step) for step in test_pipeline if step['type'] not in _NOT_FOR_INFERENCE]
    for step in steps:
        if step['type'] == 'CropBox':
            step.setdefault('least_share', LEAST_SHARE)
    return steps


class PromptCheck:
    """Refuses people whose keypoints say nothing; a step behind ``KeypointsToPrompt``.

    Data sets do without it, as everybody in them counts.

    Required keys: ``keypoint_set``; ``prompt_set``, ``prompt_visible`` (30,), ``prompt_keypoints``
    (30, 2) px of the image.

    Args:
        min_keypoints: Keypoints above the threshold that a person needs. Those that are derived
            from others, such as the pelvis of COCO, do not count.
        threshold: The threshold, for the message.

    Raises:
        ValueError: a person has too few, or several that all lie within about a pixel.
    """

    def __init__(self, *, min_keypoints: int, threshold: float) -> None:
        self.min_keypoints = min_keypoints
        self.threshold = threshold

    def __call__(self, results: dict) -> dict:
        """The same person."""
        detected = keypoint_map(results['keypoint_set'], results['prompt_set']) >= 0
        seen = results['prompt_keypoints'][(results['prompt_visible'] > 0) & detected]
        count = len(seen)
        if count < self.min_keypoints:
            raise ValueError(
                f'{count} of its keypoints have a confidence above {self.threshold:g}, '
                f'{self.min_keypoints} are needed to place a body (--min-keypoints): use a '
                'better detector, or lower the threshold of KeypointsToPrompt in the config'
            )
        if count > 1 and in_one_place(seen):
            raise ValueError(one_place_words(seen))
        return results
