"""What each keypoint token looks at, over the image."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from dpmesh_plugin.structures import MeshDataSample, Visibility

from .crop_bodies import to_numpy


@dataclass(frozen=True)
class TokenAttention:
    """Where the tokens of one crop look, and how much of it is on the person.

    Args:
        distribution: (K, h, w) per token, sum 1 over the pixels of the crop.
        silhouette: (h, w) bool, pixels of the person's body, hidden parts too.
        visibility: (K,) codes of :class:`Visibility`.
        shares: (K,) part of a token's attention inside the silhouette.
        even_share: Part of the crop inside it: the share of a token that looks everywhere alike.
    """

    distribution: np.ndarray
    silhouette: np.ndarray
    visibility: np.ndarray
    shares: np.ndarray
    even_share: float

    @classmethod
    def measure(
        cls, maps: Sequence[np.ndarray], silhouette: np.ndarray, visibility: np.ndarray
    ) -> 'TokenAttention':
        """Compare attention maps with the silhouette of a person.

        Args:
            maps: Cross-attention maps (K, h_j, w_j) of one crop, of one or several sizes.
            silhouette: (h, w) bool at the size of the crop.
            visibility: (K,) codes of :class:`Visibility`.
        """
        distribution = attention_distribution(maps, silhouette.shape[::-1])
        shares = distribution[:, silhouette].sum(axis=1)
        return cls(distribution, silhouette, visibility, shares, float(silhouette.mean()))

    @property
    def contrast(self) -> np.ndarray:
        """(K, h, w) attention as a multiple of what a token gives that looks everywhere alike."""
        return self.distribution * self.silhouette.size

    def groups(self) -> dict[str, np.ndarray]:
        """Tokens (K,) bool of joints that can be seen, that cannot, and by known cause.

        Groups without a joint are left out.
        """
        visible = self.visibility == Visibility.VISIBLE
        groups = {'visible': visible, 'hidden': ~visible}
        groups |= {
            cause.name.lower(): self.visibility == cause
            for cause in Visibility
            if cause not in (Visibility.VISIBLE, Visibility.UNKNOWN)
        }
        return {name: members for name, members in groups.items() if members.any()}


def attention_distribution(maps: Sequence[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Attention of every token as a distribution over the pixels of the crop.

    A cross-attention map says for every cell how much it takes from a token. Divided by its sum, it
    says where the token goes. Maps of several sizes are enlarged and averaged, with equal weights.

    Args:
        maps: (K, h_j, w_j), not below 0, one or several.
        size: Width and height of the crop, px.

    Returns:
        (K, h, w), each with the sum 1.

    Raises:
        ValueError: a token's attention is 0 everywhere, or not finite.
    """
    enlarged = [
        np.stack([cv2.resize(token, size, interpolation=cv2.INTER_LINEAR) for token in each])
        for each in (np.asarray(each, np.float32) for each in maps)
    ]
    sums = [each.sum(axis=(1, 2), keepdims=True, dtype=np.float64) for each in enlarged]
    if not all((total > 0).all() for total in sums):
        raise ValueError(
            'the attention of a token is 0 everywhere or not finite; is the run diverged?'
        )
    return np.mean([each / total for each, total in zip(enlarged, sums, strict=True)], axis=0)


def token_visibility(sample: MeshDataSample) -> np.ndarray:
    """Why the joint of each token can or cannot be seen: (K,) codes of :class:`Visibility`.

    As annotated. Without annotation, the joints that the model was given count as visible, and the
    others as hidden for an unknown cause.

    Args:
        sample: The sample, with its prompt.
    """
    if 'visibility' in sample.get('gt_instances', ()):
        return to_numpy(sample.gt_instances.visibility[0]).astype(int)
    given = to_numpy(sample.prompt.keypoints_visible[0]) > 0
    return np.where(given, int(Visibility.VISIBLE), int(Visibility.UNKNOWN))
