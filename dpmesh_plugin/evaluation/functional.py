"""Errors between predicted and true bodies: pure functions on batches, metres in, millimetres out.

Convention: a body at (0, 0, 0) and one at (0.003, 0, 0.004) metres are 5 mm apart.
"""

from torch import Tensor

from dpmesh_plugin.geometry.alignment import similarity_align

MM_PER_M = 1000.0


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
    return (predicted - target).norm(dim=-1) * MM_PER_M


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
