"""Best similarity transform between two point sets (Procrustes), batched."""

import torch
from torch import Tensor


def similarity_transform(source: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scale, rotation and translation that bring source points closest to target points.

    Minimises the sum of squared distances; the rotation is proper, also for mirrored input.

    Convention: ``aligned = scale * rotation @ source + translation`` on column vectors. A target
    that is twice the source gives scale 2, the identity and translation 0.

    Args:
        source: Points to move ``(B, K, 3)``, any unit.
        target: Points to reach ``(B, K, 3)``, same unit.

    Returns:
        Scale ``(B,)``, rotation ``(B, 3, 3)`` and translation ``(B, 3)``.

    Raises:
        ValueError: the shapes differ or are not ``(B, K, 3)``.

    Source: Umeyama, PAMI 1991.
    """
    if source.shape != target.shape or source.ndim != 3 or source.shape[-1] != 3:
        raise ValueError(
            'similarity alignment expects two point sets of one shape (B, K, 3), got source '
            f'{tuple(source.shape)} and target {tuple(target.shape)}.'
        )
    source_mean, target_mean = source.mean(1, keepdim=True), target.mean(1, keepdim=True)
    centred = source - source_mean
    U, singular, Vh = torch.linalg.svd((target - target_mean).mT @ centred)
    sign = torch.ones_like(singular)
    sign[:, 2] = torch.sign(torch.linalg.det(U) * torch.linalg.det(Vh))
    rotation = (U * sign[:, None]) @ Vh
    scale = (singular * sign).sum(-1) / centred.square().sum((1, 2))
    moved_mean = scale[:, None] * (rotation @ source_mean.mT)[..., 0]
    return scale, rotation, target_mean[:, 0] - moved_mean


def similarity_align(source: Tensor, target: Tensor) -> Tensor:
    """Source points after the similarity transform that brings them closest to the target.

    Convention: see :func:`similarity_transform`; a source that is a turned, scaled and shifted copy
    of the target comes back equal to the target.

    Args:
        source: Points to move ``(B, K, 3)``, any unit.
        target: Points to reach ``(B, K, 3)``, same unit.

    Returns:
        Aligned points ``(B, K, 3)``.

    Raises:
        ValueError: the shapes differ or are not ``(B, K, 3)``.
    """
    scale, rotation, translation = similarity_transform(source, target)
    turned = (scale[:, None, None] * rotation @ source.mT).mT  # in planes, whatever the source
    return turned + translation[:, None]
