import socket

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODEL_WRAPPERS
from torch import distributed, nn

from dpmesh_plugin.utils.distributed import leave_processes, prepare_cpu_launch, unwrapped


@pytest.fixture
def one_process(monkeypatch):
    """The environment of a launcher that starts a single process on a machine without CUDA."""
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    address = {'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(port)}
    for name, value in {**address, 'RANK': '0', 'LOCAL_RANK': '0', 'WORLD_SIZE': '1'}.items():
        monkeypatch.setenv(name, value)
    yield
    leave_processes()
    assert not distributed.is_initialized()


def test_the_wrapper_of_a_cpu_launch_has_no_device(one_process):
    cfg = Config({'launcher': 'pytorch', 'find_unused_parameters': True})
    prepare_cpu_launch(cfg)
    assert distributed.get_backend() == 'gloo'
    model = nn.Linear(2, 1)
    wrapped = MODEL_WRAPPERS.build({**cfg.model_wrapper_cfg, 'module': model})
    assert wrapped.device_ids is None
    assert wrapped.find_unused_parameters
    assert wrapped(torch.ones(1, 2)).shape == (1, 1)
    assert unwrapped(wrapped) is unwrapped(model) is model


def test_one_process_without_launcher_is_left_alone():
    cfg = Config({'launcher': 'none'})
    prepare_cpu_launch(cfg)
    assert 'model_wrapper_cfg' not in cfg
    assert not distributed.is_initialized()
    leave_processes()
