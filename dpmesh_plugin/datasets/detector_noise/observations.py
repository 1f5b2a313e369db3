"""Detections beside the truth."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Observations:
    """Detections beside the truth: N people, K joints of the detector's set.

    Args:
        keypoint_set: The set.
        keypoints: (N, K, 2) true joints, px.
        present: (N, K) which of them are known.
        causes: (N, K) codes of `Visibility`.
        sizes: (N,) roots of the areas of the boxes, px.
        neighbours: (N, K, 2) see `nearest_joints`, px; NaN where there is none.
        detections: (N, K, 3) x, y in px and confidence.
    """

    keypoint_set: str
    keypoints: np.ndarray
    present: np.ndarray
    causes: np.ndarray
    sizes: np.ndarray
    neighbours: np.ndarray
    detections: np.ndarray

    def __len__(self) -> int:
        return len(self.sizes)

    def select(self, mask: np.ndarray) -> 'Observations':
        """Only the people where ``mask`` (N,) is true."""
        arrays = {name: value[mask] for name, value in vars(self).items() if name != 'keypoint_set'}
        return Observations(keypoint_set=self.keypoint_set, **arrays)
