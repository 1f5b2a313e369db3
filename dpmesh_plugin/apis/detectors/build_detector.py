"""The detector that a config names."""

from collections.abc import Mapping
from typing import Any

from dpmesh_plugin.registry import DETECTORS

from .base_detector import BaseDetector


def build_detector(config: Mapping[str, Any] | None, *, device: str = 'cpu') -> BaseDetector:
    """Build the ``detector`` entry of a config.

    Args:
        config: The entry, ``dict(type=..., ...)``; None where a config has none.
        device: Where its networks work.

    Raises:
        ValueError: there is none, its arguments are wrong, or it finds no joints.
        KeyError: unknown type; the message lists the known ones.
        ImportError: what it needs is not installed; the message says what to do.
    """
    if config is None:
        raise ValueError(
            'nobody says where the joints are: give keypoints (--keypoints FILE), or name a '
            f'detector in the config, detector=dict(type=...), of {", ".join(names())}; see '
            'docs/detectors.md'
        )
    try:
        detector = DETECTORS.build(dict(config))
    except TypeError as error:  # an argument that the class does not have, or lacks
        raise ValueError(f'the detector of the config cannot be built: {error}') from error
    if not isinstance(detector, BaseDetector):
        raise ValueError(
            f'{config["type"]} finds boxes of people, no joints: give it to a detector of joints, '
            "for example dict(type='MMPoseDetector', ..., persons=dict(...))"
        )
    detector.to(device)
    return detector


def names() -> list[str]:
    """The registered detectors."""
    DETECTORS.import_from_location()
    return sorted(DETECTORS.module_dict)
