"""What travels between the parts of an estimator, batched."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .mesh_data_sample import MeshDataSample
from .sample_fields import stack_field

SOURCES = {'prompt': 'KeypointsToPrompt', 'clean_prompt': 'CleanPrompt'}
"""The transforms that give the prompts of a sample."""


@dataclass(frozen=True)
class KeypointPrompt:
    """2D keypoints of a batch of crops.

    Args:
        keypoints: (B, K, 2) px of the crop.
        scores: (B, K) detector confidences.
        visible: (B, K) 1 where a keypoint may be used, else 0.
    """

    keypoints: Tensor
    scores: Tensor
    visible: Tensor

    @classmethod
    def from_samples(
        cls, data_samples: Sequence[MeshDataSample], like: Tensor, field: str = 'prompt'
    ) -> 'KeypointPrompt':
        """Stack the prompts of some samples as float32 on the device of ``like``.

        Args:
            data_samples: Samples.
            like: Any tensor on the device.
            field: ``'prompt'`` or ``'clean_prompt'``.

        Raises:
            ValueError: a sample has no such prompt.
        """

        def stack(name: str) -> Tensor:
            try:
                values = stack_field(data_samples, field, name)
            except KeyError as error:
                raise ValueError(
                    f'{error.args[0]}; it comes from the transform {SOURCES[field]}, which the '
                    'pipeline needs before PackMeshInputs'
                ) from error
            return values.to(device=like.device, dtype=torch.float32)

        return cls(stack('keypoints'), stack('keypoint_scores'), stack('keypoints_visible'))


@dataclass(frozen=True)
class Condition:
    """A prompt as the backbone takes it.

    Args:
        heatmaps: (B, K, H, W) one Gaussian per keypoint, zero where masked.
        tokens: (B, K, C) cross-attention context.
        mask: (B, K) 1 where a keypoint is used.
        embedding: (B, E) what all keypoints say together; None for a neck without it.
    """

    heatmaps: Tensor
    tokens: Tensor
    mask: Tensor
    embedding: Tensor | None = None


@dataclass(frozen=True)
class BackboneOutput:
    """What every backbone returns.

    Args:
        features: Maps (B, C_i, H_i, W_i), finest first.
        attention: Cross-attention maps (B, K, H_j, W_j) per keypoint token, finest first; empty
            for a backbone that has none.
    """

    features: tuple[Tensor, ...]
    attention: tuple[Tensor, ...] = ()
