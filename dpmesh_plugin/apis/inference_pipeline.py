"""The transforms between a person in a photograph and a crop."""

from collections.abc import Mapping, Sequence
from typing import Any

# Of a test pipeline, what reads the image (done once for all its persons) and what needs labels.
NOT_FOR_INFERENCE = ('LoadMeshImage', 'BodyModelKeypoints')

LEAST_SHARE = 0.7
"""Keypoints in less than this share of a given box do not choose the crop; see ``CropBox``."""


def inference_pipeline(test_pipeline: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The test pipeline of a config as photographs need it.

    Tests crop around the keypoints, whatever is known of the box, since it often comes from the
    labels. In photographs it comes from a detector: where the keypoints are those of a part of a
    person, it tells how large the person is. A ``least_share`` of the config stays.

    Args:
        test_pipeline: Transforms of a config.
    """
    steps = [dict(step) for step in test_pipeline if step['type'] not in NOT_FOR_INFERENCE]
    for step in steps:
        if step['type'] == 'CropBox':
            step.setdefault('least_share', LEAST_SHARE)
    return steps
