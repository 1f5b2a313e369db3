"""Who is who in two lists."""

import numpy as np


def match_greedily(similarity: np.ndarray, least: float) -> list[tuple[int, int]]:
    """Pairs of rows and columns, the most similar first, each row and column once.

    Args:
        similarity: (N, M).
        least: Pairs below it stay apart.
    """
    rest = np.array(similarity, dtype=np.float64)
    pairs = []
    while rest.size and rest.max() >= least:
        row, column = (int(i) for i in np.unravel_index(rest.argmax(), rest.shape))
        pairs.append((row, column))
        rest[row], rest[:, column] = -np.inf, -np.inf
    return pairs
