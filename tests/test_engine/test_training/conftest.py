import copy
from collections.abc import Callable

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.profiling import random_batch
from dpmesh_plugin.registry import MODELS

TRANSFORMER = {'num_layers': 1, 'num_heads': 2, 'feedforward_channels': 16, 'dropout': 0.0}


class People(Dataset):
    """Four made-up people."""

    metainfo = {'dataset_name': 'made up'}

    def __init__(self) -> None:
        batch = random_batch(4)
        self.items = list(zip(batch['inputs'], batch['data_samples'], strict=True))

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict:
        crop, sample = self.items[index]
        return {'inputs': crop, 'data_samples': copy.deepcopy(sample)}


@pytest.fixture(scope='session')
def body_model() -> SMPL:
    return SMPL()


@pytest.fixture
def estimator_config(body_model) -> dict:
    """A small model of the published design, without anything random in training."""
    unet = {'block_out_channels': (8, 8, 16), 'layers_per_block': 1, 'cross_attention_dim': 8}
    return {
        'type': 'MeshEstimator',
        'backbone': {
            'type': 'DiffusionPriorBackbone',
            'unet': {**unet, 'attention_head_dim': 2, 'norm_num_groups': 4},
            'vae': {'block_out_channels': (4, 4, 4, 4), 'norm_num_groups': 4},
            'controlnet': {},
            'lora': {'rank': 2},
            'attention_strides': (16,),
        },
        'neck': {'type': 'KeypointConditionNeck', 'out_channels': 16, 'joint_drop': 0.0},
        'head': {
            'type': 'SMPLTokenHead',
            'body_model': body_model,
            'pose_decoder': {'type': 'ContinuousPoseDecoder'},
            'volume': {'type': 'FeatureVolume', 'channels': 8, 'size': (4, 8, 8), **TRANSFORMER},
            'image_transformer': {'type': 'ImageTransformer', **TRANSFORMER},
            'decoder': {'type': 'TokenDecoder', **TRANSFORMER},
        },
    }


@pytest.fixture
def make_model(estimator_config) -> Callable[..., nn.Module]:
    """Builds the small model, changed by options, with the same weights every time."""

    def make(**options) -> nn.Module:
        torch.manual_seed(0)
        config = Config({**estimator_config})
        config.merge_from_dict(options)
        model = MODELS.build(config.to_dict())
        for name, parameter in model.named_parameters():
            if '.lora_B.' in name or 'controlnet_' in name:
                nn.init.normal_(parameter, std=0.1)
        return model

    return make


@pytest.fixture
def make_training(tmp_path, request) -> Callable[..., Runner]:
    """A runner that trains a model for some steps on made-up people."""

    def make(model: nn.Module, *, steps=2, batch_size=2, hooks=(), dataset=None, **options):
        name = f'{request.node.name}-{len(DefaultScope._instance_dict)}-{id(model)}'
        config = tmp_path / 'tiny.py'
        config.write_text('')
        loader = {
            'dataset': People() if dataset is None else dataset,
            'batch_size': batch_size,
            'num_workers': 0,
            'sampler': {'type': 'DefaultSampler', 'shuffle': False},
            'collate_fn': {'type': 'dpmesh_plugin.mesh_collate'},
        }
        return Runner(
            model=model,
            work_dir=str(tmp_path / 'work'),
            train_dataloader=loader,
            train_cfg={'by_epoch': False, 'max_iters': steps},
            optim_wrapper={
                'type': 'MeshOptimWrapper',
                'constructor': 'PartOptimWrapperConstructor',
                'optimizer': {'type': 'SGD', 'lr': 1e-3},
                'clip_grad': {'max_norm': 10.0},
                **options.pop('optim_wrapper', {}),
            },
            default_hooks={
                'checkpoint': {'type': 'CheckpointHook', 'interval': 1, 'by_epoch': False}
            },
            custom_hooks=list(hooks),
            experiment_name=name,
            cfg=Config.fromfile(config),
            default_scope='dpmesh_plugin',
            log_level='ERROR',
            **options,
        )

    return make
