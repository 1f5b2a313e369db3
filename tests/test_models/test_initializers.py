"""First weights from checkpoints: which parts are taken, and what is refused."""

import pytest
import torch
from mmengine.model import BaseModule, initialize
from torch import nn

from dpmesh_plugin.models import PretrainedParts


class _Model(BaseModule):
    def __init__(self, width=3, init_cfg=None):
        super().__init__(init_cfg)
        self.eye = nn.ModuleDict({'lens': nn.Linear(2, width), 'nerve': nn.Linear(width, 2)})
        self.hand = nn.Linear(2, 2)


@pytest.fixture
def checkpoint(tmp_path):
    model = _Model()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(7.0)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'start.pth')
    return str(tmp_path / 'start.pth')


def _filled(module):
    return {name for name, tensor in module.state_dict().items() if tensor.eq(7.0).all()}


def test_only_the_named_part_is_taken(checkpoint):
    model = _Model(
        init_cfg={'type': 'PretrainedParts', 'checkpoint': checkpoint, 'parts': ('eye.lens',)}
    )
    model.init_weights()
    assert _filled(model) == {'eye.lens.weight', 'eye.lens.bias'}


def test_what_stays_as_it_is_may_lack(tmp_path):
    path = tmp_path / 'half.pth'
    torch.save({'eye.lens.weight': torch.full((3, 2), 7.0)}, path)
    model = _Model()
    before = model.eye.nerve.weight.clone()
    PretrainedParts(checkpoint=str(path), parts=('eye',), without=('*.bias', '*.nerve.*'))(model)
    assert _filled(model) == {'eye.lens.weight'}
    assert model.eye.nerve.weight.equal(before)


def test_parts_of_two_checkpoints(checkpoint, tmp_path):
    other = str(tmp_path / 'other.pth')
    torch.save({'hand.weight': torch.ones(2, 2), 'hand.bias': torch.ones(2)}, other)
    parts = {'type': 'PretrainedParts', 'checkpoint': checkpoint, 'parts': ('eye', 'hand')}
    model = _Model(init_cfg=[parts, {'type': 'Pretrained', 'checkpoint': other}])
    model.init_weights()
    assert _filled(model.eye) == set(model.eye.state_dict())
    assert model.hand.weight.eq(1.0).all(), 'the whole checkpoint comes after the parts'


def test_a_part_that_the_model_lacks(checkpoint):
    with pytest.raises(KeyError, match="parts names 'ear', but _Model has none such"):
        PretrainedParts(checkpoint=checkpoint, parts=('ear',))(_Model())


def test_a_checkpoint_that_lacks_a_weight(tmp_path):
    path = tmp_path / 'half.pth'
    torch.save({'eye.lens.weight': torch.ones(3, 2)}, path)
    model = _Model()
    with pytest.raises(KeyError, match=r'half.pth lacks 3 of the 4 weights of .*eye.lens.bias'):
        PretrainedParts(checkpoint=str(path), parts=('eye',))(model)


def test_another_size_is_refused_and_nothing_is_copied(checkpoint):
    model = _Model(width=4)
    start = {'type': 'PretrainedParts', 'checkpoint': checkpoint, 'parts': ('hand', 'eye')}
    with pytest.raises(ValueError, match=r'eye.lens.weight is \(3, 2\) in .*\(4, 2\) in _Model'):
        initialize(model, start)
    assert not _filled(model)
