"""Errors between predicted and true bodies: pure functions on batches, metres in, millimetres out.

Convention: a body at (0, 0, 0) and one at (0.003, 0, 0.004) metres are 5 mm apart.

Points are ``(B, K, 3)``. For many points the work is done fastest on views of ``(B, 3, K)`` memory,
whose coordinates lie in planes.
"""

import torch
from torch import Tensor

from dpmesh_plugin.geometry.alignment import similarity_align

MM_PER_M = 1000.0
# MPI-INF-3DHP (Mehta et al., 3DV 2017): a joint is correct closer than 150 mm; the thresholds of
# its curve are those of the data set's evaluation code, mpii_compute_3d_pck.m.
PCK_THRESHOLD = 150.0
AUC_THRESHOLDS = tuple(range(0, 151, 5))
# A joint is correct in the image closer than this share of the size of the person (the idea of Yang
# and Ramanan, PAMI 2013; the shares are those of Goel et al., ICCV 2023).
IMAGE_PCK_THRESHOLDS = (0.05, 0.1)


def joint_errors(predicted: Tensor, target: Tensor) -> Tensor:
    """Distance of every joint or vertex from its target, in mm, with no alignment.

    Args:
        predicted: Positions (B, K, 3), m.
        target: Positions (B, K, 3), m.

    Returns:
        Distances (B, K), mm.

    Raises:
        ValueError: the shapes differ or are not (B, K, 3).
    """
    _check_pair(predicted, target)
    difference = predicted - target
    return torch.linalg.vecdot(difference, difference).sqrt() * MM_PER_M


def aligned_joint_errors(predicted: Tensor, target: Tensor) -> Tensor:
    """Distance of every joint from its target after Procrustes alignment, in mm.

    The prediction is brought to the target by the best similarity transform (scale, proper rotation
    and translation), so the error does not depend on where the roots are.

    Args:
        predicted: Joints (B, K, 3), m.
        target: Joints (B, K, 3), m.

    Returns:
        Distances (B, K), mm.

    Raises:
        ValueError: the shapes differ or are not (B, K, 3).
    """
    _check_pair(predicted, target)
    return joint_errors(similarity_align(predicted, target), target)


def mpjpe(predicted: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean per-joint position error of every sample, in mm.

    Args:
        predicted: Joints relative to the root (B, K, 3), m.
        target: Joints relative to the root (B, K, 3), m.
        mask: (B, K), true where a joint counts; all do by default.

    Returns:
        Errors (B,), mm; NaN for a sample without a joint that counts.
    """
    return masked_mean(joint_errors(predicted, target), mask)


def pa_mpjpe(predicted: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean per-joint position error after Procrustes alignment of every sample, in mm.

    All joints take part in the alignment, also those that the mask leaves out of the mean.

    Args:
        predicted: Joints (B, K, 3), m.
        target: Joints (B, K, 3), m.
        mask: (B, K), true where a joint counts; all do by default.

    Returns:
        Errors (B,), mm; NaN for a sample without a joint that counts.
    """
    return masked_mean(aligned_joint_errors(predicted, target), mask)


def mpvpe(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean per-vertex position error of every sample, in mm, with no Procrustes alignment.

    Args:
        predicted: Vertices relative to the root joint of their mesh (B, V, 3), m.
        target: Vertices relative to the root joint of their mesh (B, V, 3), m.

    Returns:
        Errors (B,), mm.
    """
    return joint_errors(predicted, target).mean(dim=-1)


def pa_mpvpe(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean per-vertex position error of every sample after Procrustes alignment, in mm.

    The alignment is that of the vertices, not that of the joints.

    Args:
        predicted: Vertices (B, V, 3), m.
        target: Vertices (B, V, 3), m.

    Returns:
        Errors (B,), mm.
    """
    return aligned_joint_errors(predicted, target).mean(dim=-1)


def pck(errors: Tensor, threshold: float = PCK_THRESHOLD) -> Tensor:
    """Percentage of correct keypoints of every sample.

    Args:
        errors: Distances of the joints (B, K).
        threshold: A joint is correct where its distance is below, in the unit of ``errors``.

    Returns:
        Percentages (B,); NaN for a sample with a distance that is not a number.
    """
    return _percentage_below(errors, errors.new_tensor([threshold]))


def auc(errors: Tensor, thresholds: tuple[float, ...] = AUC_THRESHOLDS) -> Tensor:
    """Area under the curve of correct keypoints over the threshold: the mean of its points.

    No joint is below the first threshold of the default, 0 mm, so that perfection is 96.8 %: this
    is how the published numbers are computed.

    Args:
        errors: Distances of the joints (B, K), mm.
        thresholds: Points of the curve, mm.

    Returns:
        Percentages (B,); NaN for a sample with a distance that is not a number.
    """
    return _percentage_below(errors, errors.new_tensor(thresholds))


def acceleration_errors(predicted: Tensor, target: Tensor) -> Tensor:
    """Length of the difference of accelerations in the middle of three frames, in mm/frame^2.

    An acceleration is ``x[t - 1] - 2 x[t] + x[t + 1]``.

    Convention: a target at rest and a prediction at 0, 0, 0.001 m are 1 mm/frame^2 apart.

    Args:
        predicted: Joints relative to the root in three consecutive frames (M, 3, K, 3), m.
        target: The true ones.

    Returns:
        Errors (M, K), mm/frame^2.

    Source: Kanazawa et al., CVPR 2019 (``compute_error_accel`` of their human_dynamics).
    """
    difference = predicted - target
    change = difference[:, 0] - 2 * difference[:, 1] + difference[:, 2]
    return change.norm(dim=-1) * MM_PER_M


def image_errors(predicted: Tensor, target: Tensor) -> Tensor:
    """Distances in the image as shares of the size of the person.

    The size is the longer side of the tight box around all true joints.

    Args:
        predicted: Projected joints (B, K, 2), px.
        target: True projected joints (B, K, 2), px.

    Returns:
        Shares (B, K).
    """
    size = (target.amax(dim=1) - target.amin(dim=1)).amax(dim=-1)
    return (predicted - target).norm(dim=-1) / size[:, None]


def _percentage_below(errors: Tensor, thresholds: Tensor) -> Tensor:
    below = (errors[..., None] < thresholds).to(errors.dtype).mean(dim=(1, 2))
    return torch.where(errors.isnan().any(dim=1), float('nan'), 100 * below)


def masked_mean(errors: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean over the last axis where the mask is true.

    Args:
        errors: (B, K).
        mask: (B, K), true where an entry counts; all do by default.

    Returns:
        Means (B,); NaN where nothing counts.
    """
    if mask is None:
        return errors.mean(dim=-1)
    return errors.where(mask.bool(), errors.new_tensor(float('nan'))).nanmean(dim=-1)


def _check_pair(predicted: Tensor, target: Tensor) -> None:
    if predicted.shape != target.shape or predicted.ndim != 3 or predicted.shape[-1] != 3:
        raise ValueError(
            'an error is measured between two sets of points of one shape (B, K, 3), got '
            f'predicted {tuple(predicted.shape)} and target {tuple(target.shape)}'
        )
