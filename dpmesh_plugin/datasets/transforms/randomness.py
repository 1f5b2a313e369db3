"""The one source of random numbers of the transforms."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

# Room for the epochs of one seed in the number of a draw.
_EPOCHS = 2**32


def new_generator() -> np.random.Generator:
    """A generator seeded by torch's global one, which data sets seed for every sample."""
    return np.random.default_rng(int(torch.randint(2**62, ())))


def draw_number(seed: int, epoch: int) -> int:
    """The number of an epoch among all epochs of all seeds; never 0.

    A sampler multiplies it by the length of the data set and adds it to an index, so that whoever
    gets the index, in whatever process, knows what to draw.
    """
    return 1 + epoch + seed * _EPOCHS


@contextmanager
def seeded(*key: int) -> Iterator[None]:
    """Seed the global generators of the block on the CPU, and put them back after it.

    Those of ``numpy`` and ``random`` are for mmengine and for transforms from elsewhere.

    Args:
        key: Numbers of at least 0; equal keys give equal draws.
    """
    seed = int(np.random.SeedSequence(key).generate_state(1)[0])
    states = np.random.get_state(), random.getstate()  # noqa: NPY002 - mmengine draws from it
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(states[0])  # noqa: NPY002
            random.setstate(states[1])
