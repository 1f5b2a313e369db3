import torch

from dpmesh_plugin.models import BlindBackbone
from dpmesh_plugin.structures import Condition


def test_it_sees_nothing():
    condition = Condition(torch.rand(2, 30, 16, 16), torch.rand(2, 30, 1), torch.ones(2, 30))
    backbone = BlindBackbone()
    output = backbone(None, condition)
    assert (output.features, output.attention) == ((), ())
    assert not list(backbone.parameters())
