import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from dpmesh_plugin.structures import MeshDataSample, Visibility
from dpmesh_plugin.visualization import TokenAttention, attention_distribution, token_visibility


def test_a_distribution_sums_to_one_whatever_a_pixel_gives_to_all_tokens():
    maps = np.ones((2, 2, 2), np.float32)
    maps[1] = [[3, 1], [1, 1]]
    distribution = attention_distribution([maps, maps], (8, 8))
    np.testing.assert_allclose(distribution.sum(axis=(1, 2)), 1, rtol=1e-6)
    np.testing.assert_allclose(distribution[0], 1 / 64, rtol=1e-6)
    assert distribution[1, 0, 0] == pytest.approx(3 * distribution[1, 7, 7], rel=1e-5)


def test_maps_of_different_sizes_have_equal_weights():
    left, top = np.zeros((1, 16, 16)), np.zeros((1, 8, 8))
    left[:, :, :8], top[:, :4] = 1, 1
    distribution = attention_distribution([left, top], (16, 16))[0]
    assert distribution[:, :8].sum() == pytest.approx(0.5 + 0.25, abs=0.03)
    assert distribution[:8].sum() == pytest.approx(0.25 + 0.5, abs=0.03)


@pytest.mark.parametrize('value', [0.0, np.nan])
def test_a_token_without_attention_is_refused(value):
    with pytest.raises(ValueError, match='0 everywhere or not finite'):
        attention_distribution([np.full((1, 2, 2), value)], (8, 8))


@pytest.fixture
def attention():
    """Two tokens on an image whose left quarter is the person: one looks there, one everywhere."""
    maps = np.ones((3, 8, 8))
    maps[0, :, 2:] = 0
    silhouette = np.zeros((8, 8), bool)
    silhouette[:, :2] = True
    causes = [Visibility.VISIBLE, Visibility.OCCLUDED_BY_OBJECT, Visibility.UNKNOWN]
    return TokenAttention.measure([maps], silhouette, np.array(causes))


def test_shares_are_what_falls_on_the_person(attention):
    np.testing.assert_allclose(attention.shares, [1, 0.25, 0.25])
    assert attention.even_share == 0.25
    assert attention.contrast[0, 0, 0] == pytest.approx(4)
    np.testing.assert_allclose(attention.contrast[1], 1)


def test_joints_are_grouped_by_what_hides_them(attention):
    groups = {name: members.tolist() for name, members in attention.groups().items()}
    assert groups == {
        'visible': [True, False, False],
        'hidden': [False, True, True],
        'occluded_by_object': [False, True, False],
    }


def test_without_annotation_hidden_is_what_the_model_was_not_given():
    sample = MeshDataSample(prompt=InstanceData(keypoints_visible=torch.tensor([[1.0, 0.0]])))
    assert token_visibility(sample).tolist() == [Visibility.VISIBLE, Visibility.UNKNOWN]
    causes = torch.tensor([[4, 0]], dtype=torch.int8)
    sample.gt_instances = InstanceData(visibility=causes)
    assert token_visibility(sample).tolist() == [Visibility.TRUNCATED, Visibility.VISIBLE]
