import logging

import pytest
import torch
from torch import nn

from dpmesh_plugin.engine.hooks.parameter_table_hook import parameter_table
from dpmesh_plugin.registry import HOOKS


@pytest.fixture
def model():
    weighting = nn.ParameterDict({'params': torch.ones(9)})
    head = {'out': nn.Linear(3, 4), 'objective': nn.ModuleDict({'weighting': weighting})}
    backbone = {'unet': nn.Linear(10, 100, bias=False), 'controlnet': nn.Linear(2, 2)}
    model = nn.ModuleDict({'backbone': nn.ModuleDict(backbone), 'head': nn.ModuleDict(head)})
    model.backbone.unet.requires_grad_(False)
    return model


def test_rows_by_hand(model):
    groups = [
        {'params': list(model.backbone.controlnet.parameters()), 'lr': 1e-4, 'weight_decay': 0.01},
        {'params': [model.head.objective.weighting.params], 'lr': 1e-3, 'clip': False},
    ]
    table = parameter_table(model, groups)
    columns = [list(column.cells) for column in table.columns]
    assert columns == [
        ['unet', 'controlnet', 'head', 'loss_weights', 'all'],
        ['1,000', '6', '16', '9', '1,031'],
        ['0', '6', '0', '9', '15'],
        ['', '0.0001', '', '0.001', ''],
        ['', '0.01', '', '0', ''],
        ['', 'yes', '', 'no', ''],
    ]


def test_logged_once_when_training_starts(make_runner, estimator):
    runner = make_runner(hooks=[HOOKS.build({'type': 'ParameterTableHook'})], model=estimator())
    messages = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    runner.logger.setLevel('INFO')
    runner.logger.addHandler(handler)
    runner.train()
    tables = [message for message in messages if message.startswith('what is trained')]
    assert len(tables) == 1
    assert 'layer' in tables[0]
    assert '0.1' in tables[0]
