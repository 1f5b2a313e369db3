"""The update of an estimate by a measurement."""

import torch
from torch import Tensor

SMALLEST_SHARE = 1e-5
"""Smallest variance of a measured value, as a share of what the estimate expects of it: with less,
single precision finds no solution where several values measure the same."""


def kalman_update(jacobian: Tensor, residual: Tensor, variance: Tensor) -> Tensor:
    """Correction of an estimate with Gaussian errors by a linear measurement with Gaussian errors.

    Convention: a length of standard deviation 2 m (``jacobian`` [[2]]) is measured 5 m longer, with
    variance 1: the correction is 2 deviations, 4 m.

    Args:
        jacobian: (B, M, N) of the M measured values with respect to the N independent errors of
            the estimate, in standard deviations.
        residual: (B, M) measured minus expected.
        variance: (B, M) of the errors of the measurement; at least ``SMALLEST_SHARE`` of the
            variance that the estimate expects is taken.

    Returns:
        (B, N) correction, in standard deviations.
    """
    total = jacobian @ jacobian.transpose(1, 2)
    variance = variance.maximum(SMALLEST_SHARE * total.diagonal(dim1=1, dim2=2))
    total = total + torch.diag_embed(variance)
    weighted = torch.cholesky_solve(residual[..., None], torch.linalg.cholesky(total))
    return (jacobian.transpose(1, 2) @ weighted)[..., 0]
