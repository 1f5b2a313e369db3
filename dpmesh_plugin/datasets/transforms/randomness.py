"""The one source of random numbers of the transforms."""

import numpy as np
import torch


def new_generator() -> np.random.Generator:
    """A generator seeded by torch's global one, which the runner seeds in every worker."""
    return np.random.default_rng(int(torch.randint(2**62, ())))
