"""The published recipe: every number of the configs against what the release ran with."""

import inspect
from math import prod

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from dpmesh_plugin.models.losses.mesh_loss import PUBLISHED_FACTORS
from dpmesh_plugin.parity import ParitySet, Report
from dpmesh_plugin.parity.official_model import build_model
from dpmesh_plugin.utils.config import load_config


@pytest.fixture
def train(repo_root):
    return load_config(repo_root / 'configs/dpmesh_train.py')


def test_optimiser_and_schedule(train, repo_root):
    """AdamW 1e-4 without decay, constant for 20 epochs, norm 10; 8 GPUs of 8 samples (Q8)."""
    optimizer = train.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('AdamW', 1e-4, 0.0)
    defaults = inspect.signature(torch.optim.AdamW).parameters
    assert defaults['betas'].default == (0.9, 0.999)
    assert defaults['eps'].default == 1e-8
    assert train.optim_wrapper.clip_grad == {'max_norm': 10.0}
    assert train.optim_wrapper.dtype == 'float32'
    assert train.train_cfg.max_epochs == 20
    assert 'param_scheduler' not in train
    assert train.train_dataloader.batch_size == 8
    assert train.auto_scale_lr.base_batch_size == 64
    assert train.train_dataloader.drop_last
    assert train.randomness == {'seed': 42, 'diff_rank_seed': True}
    finetune = load_config(repo_root / 'configs/dpmesh_finetune.py')
    assert finetune.optim_wrapper.optimizer.lr == 5e-5
    (halving,) = finetune.param_scheduler
    assert (halving.milestones, halving.gamma) == ([10], 0.5)


def test_loss_terms(train):
    assert PUBLISHED_FACTORS == {
        'body_joint_cam': 2,
        'body_joint_img': 1 / 64,
        'body_joint_proj': 1,
        'smpl_joint_img': 1 / 64,
        'smpl_pose': 2,
        'smpl_shape': 2,
    }
    assert 'objective' not in train.model.head  # the published one


def test_groups_are_those_of_the_release(train, shared_dir):
    parity = ParitySet(shared_dir / 'parity', 'tiny')
    model = build_model(parity, Report())
    wrapper = build_optim_wrapper(model, train.optim_wrapper)
    groups = {group['name']: group for group in wrapper.optimizer.param_groups}
    sizes = {name: sum(each.numel() for each in group['params']) for name, group in groups.items()}
    official = {'lora': 0, 'neck': 0, 'head': 0}
    rows = parity.content('tiny/manifest.json')['keys']
    for row in rows:
        if row['optimizer_group'] and row['requires_grad'] and not row['alias_of']:
            official[row['optimizer_group']] += prod(row['shape'])
    # The release counts the layer that lifts keypoints to tokens with the head.
    lift = sum(each.numel() for each in model.neck.keypoint_lift.parameters())
    assert sizes.pop('controlnet') == 4_426_240  # never updated in the release (Q7)
    assert sizes.pop('loss_weights') == 9
    assert sizes == {
        'lora': official['lora'],
        'neck': official['neck'] + lift,
        'head': official['head'] - lift,
    }
    assert groups['loss_weights']['weight_decay'] == 0
    assert not groups['loss_weights']['clip']
    assert {group['lr'] for group in groups.values()} == {1e-4}
