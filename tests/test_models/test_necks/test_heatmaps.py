import math

import pytest
import torch

from dpmesh_plugin.models.necks.heatmaps import gaussian_heatmaps


def test_heatmap_by_hand():
    maps = gaussian_heatmaps(torch.tensor([[[3.0, 5.0]]]), size=32, sigma=2.5)
    assert maps[0, 0, 5, 3] == 1
    assert maps[0, 0, 5, 5].item() == pytest.approx(math.exp(-((2 / 2.5) ** 2) / 2))
    assert maps[0, 0, 9, 5].item() == pytest.approx(
        math.exp(-((2 / 2.5) ** 2 + (4 / 2.5) ** 2) / 2)
    )
