"""That its switches do not change the training is in tests/test_engine/test_training."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import init_device_mesh

from dpmesh_plugin.registry import HOOKS


@pytest.fixture
def mesh(tmp_path):
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1
    )
    yield init_device_mesh('cpu', (1,))
    torch.distributed.destroy_process_group()


def test_channels_last_is_refused_in_shards(mesh):
    model = fully_shard(nn.Sequential(nn.Conv2d(3, 4, 3)), mesh=mesh)
    hook = HOOKS.build({'type': 'TrainingSpeedHook', 'channels_last': True})
    with pytest.raises(ValueError, match='these lie in shards: set channels_last=False'):
        hook.before_train(SimpleNamespace(model=model))
