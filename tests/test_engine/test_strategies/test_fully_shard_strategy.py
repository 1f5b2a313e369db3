"""Errors; what it computes is in tests/test_runs."""

import pytest
import torch
from mmengine.registry import STRATEGIES
from torch import nn
from torch.distributed.tensor import init_device_mesh

from dpmesh_plugin.engine import FullyShardStrategy
from dpmesh_plugin.engine.strategies.fully_shard_strategy import _gather, _like, _widen_scalars


@pytest.fixture
def strategy(tmp_path):
    config = {'type': 'dpmesh_plugin.FullyShardStrategy', 'blocks': ['Linear']}
    return STRATEGIES.build({**config, 'work_dir': str(tmp_path), 'env_kwargs': {}})


def test_one_process_is_refused(strategy):
    assert isinstance(strategy, FullyShardStrategy)
    with pytest.raises(RuntimeError, match=r'start the run with tools/dist_train\.sh'):
        strategy.prepare(nn.Linear(2, 2))


@pytest.fixture
def mesh(tmp_path):
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1
    )
    yield init_device_mesh('cpu', (1,))
    torch.distributed.destroy_process_group()


def test_unknown_blocks_are_refused(strategy, mesh):
    with pytest.raises(ValueError, match='blocks has Linear, of which .*modules are Conv2d'):
        strategy.prepare(nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU()))


def test_shards_and_wholes(strategy, mesh):
    strategy.prepare(nn.Sequential(nn.Linear(2, 3)))
    (weight, _) = strategy.model.parameters()
    whole = torch.arange(6.0).reshape(3, 2)
    shard = _like(whole.double(), weight)
    assert shard.placements == weight.placements
    gathered = _gather({'a': [shard], 'b': 1})
    assert gathered['a'][0].equal(whole)
    assert _like(torch.ones(5), weight).equal(torch.ones(5))


def test_scalars_are_widened():
    model = nn.Module()
    model.inner = nn.Module()
    model.inner.power = nn.Parameter(torch.tensor(3.0))
    assert _widen_scalars(model) == {'inner.power'}
    assert model.inner.power.tolist() == [3.0]
