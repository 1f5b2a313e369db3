import numpy as np
import pytest
import torch

from dpmesh_plugin.datasets.transforms import RandomSquareCrop


def test_squares_lie_in_the_picture_and_some_are_mirrored():
    ramp = np.zeros((20, 60, 3), np.uint8)
    ramp[:] = np.arange(60)[:, None]
    transform = RandomSquareCrop(input_size=10)
    mirrored, corners = 0, set()
    for seed in range(20):
        torch.manual_seed(seed)
        row = transform.transform({'img': ramp})['img'][4, :, 0].astype(int)
        assert row.shape == (10,)
        rising = row[-1] > row[0]
        mirrored += not rising
        corners.add(min(row[0], row[-1]))
        # from half of the shorter side to all of it
        assert 8 <= abs(row[-1] - row[0]) <= 19
    assert 4 < mirrored < 16
    assert len(corners) > 8


def test_shares_are_checked():
    with pytest.raises(ValueError, match='above 0 and at most 1, got 1.5'):
        RandomSquareCrop(min_share=1.5)
