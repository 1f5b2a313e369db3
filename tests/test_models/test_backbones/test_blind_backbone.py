import pytest
import torch
from torch import nn

from dpmesh_plugin.models import BlindBackbone
from dpmesh_plugin.structures import Condition


class Sizes(nn.Module):
    out_channels = (8, 12)
    out_strides = (8, 16)
    attention_strides = (16,)
    token_dim = 5


@pytest.fixture
def condition():
    return Condition(torch.rand(2, 30, 16, 16), torch.rand(2, 30, 5), torch.ones(2, 30))


def test_maps_have_the_sizes_of_the_other_backbone_and_no_content(condition):
    output = BlindBackbone(like=Sizes(), input_size=128)(None, condition)
    assert [tuple(each.shape) for each in output.features] == [(2, 8, 16, 16), (2, 12, 8, 8)]
    assert [tuple(each.shape) for each in output.attention] == [(2, 30, 8, 8)]
    assert not any(each.any() for each in (*output.features, *output.attention))


def test_nothing_of_the_other_backbone_is_kept():
    class Weighty(Sizes):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)

    assert not BlindBackbone(like=Weighty()).state_dict()
