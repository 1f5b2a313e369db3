"""Pictures of what a model is put through."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dpmesh_plugin.rendering import add_label
from dpmesh_plugin.visualization.keypoints import draw_keypoints
from dpmesh_plugin.visualization.pictures import contact_sheet

from .stresses import Stress, StressTransform
from .subject import Subject

GREY = 128


def draw_examples(
    subject: Subject, stresses: Sequence[Stress], seed: int, number: int = 0
) -> np.ndarray:
    """One sample under every stress: a row per stress, a crop with its prompt per severity.

    Args:
        subject: What is tested.
        stresses: The stresses, each with equally many severities.
        seed: Seed of the draws, as in the sweeps.
        number: Which of the samples.

    Returns:
        Sheet ``(H, W, 3)`` uint8 RGB.
    """
    panels = []
    for stress in stresses:
        for severity in stress.severities:
            packed = subject.samples(StressTransform(stress, severity, seed))[number]
            sample = packed['data_samples']
            prompt = sample.prompt
            drawn = draw_keypoints(
                _crop(packed),
                np.asarray(prompt.keypoints)[0],
                np.asarray(prompt.keypoint_scores * prompt.keypoints_visible)[0],
                sample.keypoint_set,
            )
            panels.append(add_label(drawn, f'{stress.name} {severity:g}'))
    return contact_sheet(panels, max(len(stress.severities) for stress in stresses))


def _crop(packed: Mapping[str, Any]) -> np.ndarray:
    """The crop (H, W, 3) uint8 of a sample, grey where the model is given none."""
    if 'inputs' in packed:
        return packed['inputs'].permute(1, 2, 0).numpy().clip(0, 255).astype(np.uint8)
    width, height = packed['data_samples'].input_size
    return np.full((height, width, 3), GREY, np.uint8)
