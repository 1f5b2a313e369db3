import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from dpmesh_plugin.structures import MeshDataSample, Visibility
from dpmesh_plugin.visualization import TokenAttention, draw_attention
from dpmesh_plugin.visualization.attention_sheet import HIDDEN_COLOR, VISIBLE_COLOR

SIZE, TILE, GAP, BAR, STRIP = 64, 80, 6, 22, 5


@pytest.fixture
def sample():
    prompt = InstanceData(
        keypoints=torch.full((1, 30, 2), 32.0),
        keypoint_scores=torch.ones(1, 30),
        keypoints_visible=torch.ones(1, 30),
    )
    prompt.keypoints_visible[0, 1] = 0
    return MeshDataSample(prompt=prompt, metainfo={'keypoint_set': 'dpmesh_30'})


@pytest.fixture
def attention():
    """The first token looks at the upper half, all others everywhere; the second is hidden."""
    maps = np.ones((30, 8, 8))
    maps[0, 4:] = 0
    silhouette = np.zeros((SIZE, SIZE), bool)
    silhouette[16:48, 16:48] = True
    visibility = np.full(30, Visibility.VISIBLE)
    visibility[1] = Visibility.SELF_OCCLUDED
    return TokenAttention.measure([maps], silhouette, visibility)


def _tile(sheet, number):
    """Strip and picture of a tile of the first row."""
    header = GAP + 2 * TILE + GAP + BAR
    top, left = header + GAP + BAR, GAP + number * (TILE + GAP)
    return sheet[top : top + STRIP + TILE, left : left + TILE]


def test_a_tile_per_token_below_the_header(attention, sample):
    image = np.full((SIZE, SIZE, 3), 128, np.uint8)
    sheet = draw_attention(image, attention, sample, tile=TILE)
    width = 6 * (TILE + GAP) + GAP
    header = 2 * TILE + GAP + BAR + GAP
    assert sheet.shape == (header + 5 * (TILE + STRIP + BAR + GAP) + GAP, width, 3)


def test_a_tile_is_bright_where_its_token_looks(attention, sample):
    image = np.full((SIZE, SIZE, 3), 128, np.uint8)
    sheet = draw_attention(image, attention, sample, tile=TILE)
    first, second = _tile(sheet, 0), _tile(sheet, 1)
    assert (first[0, 0] == VISIBLE_COLOR).all()
    assert (second[0, 0] == HIDDEN_COLOR).all()
    upper, lower = first[STRIP + 2 : STRIP + 12], first[-12:-2]
    assert upper.mean() > lower.mean() + 60
    even = second[STRIP + 2 : STRIP + 12].mean(), second[-12:-2].mean()
    assert abs(even[0] - even[1]) < 2
    # The ring of the keypoint: only where the model was given one.
    center = slice(STRIP + TILE // 2 - 9, STRIP + TILE // 2 + 9)
    ringed, plain = (
        (tile[center, 31:49] == 255).all(axis=2).any() for tile in (_tile(sheet, 2), second)
    )
    assert ringed
    assert not plain


def test_another_crop_is_refused(attention, sample):
    with pytest.raises(ValueError, match=r'expected the crop \(64, 64\).*got \(32, 32\)'):
        draw_attention(np.zeros((32, 32, 3), np.uint8), attention, sample)
