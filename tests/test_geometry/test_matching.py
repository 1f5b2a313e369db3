import numpy as np

from dpmesh_plugin.geometry.matching import match_greedily


def test_the_best_pairs_are_matched_first():
    similarity = np.array([[0.8, 0.9], [0.2, 0.85]])
    assert match_greedily(similarity, 0.1) == [(0, 1), (1, 0)]
    assert match_greedily(similarity, 0.5) == [(0, 1)]
    assert similarity.max() == 0.9


def test_nobody_to_match():
    assert match_greedily(np.zeros((0, 2)), 0.5) == []
