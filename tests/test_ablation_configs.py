"""Every row of the ablations is trained for a step and tested, at a small size."""

import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

import mmengine.runner.runner
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from dpmesh_plugin.apis.annotated_people import add_source
from dpmesh_plugin.apis.person import Person
from dpmesh_plugin.body_models import body_file, smpl
from dpmesh_plugin.body_models.smpl_layer import SMPLLayer
from dpmesh_plugin.synthesis import DatasetRequest, write_dataset
from dpmesh_plugin.utils.config import load_config
from dpmesh_plugin.utils.io import dump_json, load_json

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / 'configs' / 'ablations'
CONFIGS = sorted(FOLDER.glob('*.py'))
LAYERS = {'num_heads': 2, 'feedforward_channels': 16}
SMALL = {
    'train_dataloader.batch_size': 2,
    'train_cfg.max_epochs': 1,
    'default_hooks.checkpoint.interval': -1,
    'default_hooks.checkpoint.save_last': False,
    'default_hooks.checkpoint.save_best': None,
    'log_level': 'ERROR',
    'model.init_cfg': None,
}
SMALL_PARTS = {
    'DiffusionPriorBackbone': {
        'model.backbone.unet.block_out_channels': (8, 8, 16, 16),
        'model.backbone.unet.cross_attention_dim': 8,
        'model.backbone.vae.block_out_channels': (8, 8, 8, 8),
    },
    'SMPLTokenHead': {
        'model.head.volume': {'type': 'FeatureVolume', 'channels': 8, 'size': (4, 8, 8), **LAYERS},
        'model.head.decoder': {'type': 'TokenDecoder', **LAYERS},
        'model.head.image_transformer': {'type': 'ImageTransformer', **LAYERS},
    },
    'HMRHead': {'model.head.hidden_channels': 16},
}
SMALL_BODIES = {
    'swin_t': {
        'model': 'SwinTransformer',
        'nodes': ('features.1', 'features.3', 'features.5', 'features.7'),
        'layout': 'channels_last',
        'options': {
            'patch_size': [4, 4],
            'embed_dim': 8,
            'depths': [1, 1, 1, 1],
            'num_heads': [1, 1, 2, 2],
            'window_size': [4, 4],
        },
    },
    'resnet50': {'model': 'resnet18', 'nodes': ('layer1', 'layer2', 'layer3', 'layer4')},
}


@pytest.fixture(scope='module')
def synth_oc(tmp_path_factory):
    folder = tmp_path_factory.mktemp('synth_oc')
    write_dataset(folder, DatasetRequest(train=2, val=1, test=1, image_size=64, supersample=1))
    for path in folder.glob('synth_oc_*.json'):
        content = load_json(path)
        joints = np.random.default_rng(0).uniform(10, 50, (17, 2)).astype(np.float32)
        person = Person(0, joints, np.ones(17, np.float32), 'coco_17', None)
        found = {annotation['id']: person for annotation in content['annotations']}
        add_source(content, 'detector', found, {})
        dump_json(content, path)
    return folder


@pytest.fixture(scope='module', autouse=True)
def _quick_runners():
    """Leave out what takes most of a short run: a look for compilers, pretty texts, body files."""
    bodies = body_file.read_bodies(None, body_file.GENDERS)
    layers = {id(body): SMPLLayer.from_file(body) for body in bodies.values()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mmengine.runner.runner, 'collect_env', dict)
        patch.setattr(Config, 'pretty_text', '')
        patch.setattr(smpl, 'read_bodies', lambda path, genders: {g: bodies[g] for g in genders})
        patch.setattr(SMPLLayer, 'from_file', lambda body: layers[id(body)])
        yield


def small_config(path, data_root, work_dir):
    """A row at a size at which a step takes a moment."""
    cfg = load_config(path, {**SMALL, 'data_root': str(data_root)})
    options = {}
    for part in (cfg.model.backbone, cfg.model.head):
        options |= SMALL_PARTS.get(part.type, {})
    cfg.merge_from_dict({'model.neck.out_channels': 16, **options})
    body = cfg.model.backbone.get('body', {})
    if body.get('model') in SMALL_BODIES:
        body.update(SMALL_BODIES[body.model])
    if body.get('model') == 'VisionTransformer':
        body.options.update(num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=8)
    for loader in (cfg.train_dataloader, cfg.get('val_dataloader'), cfg.test_dataloader):
        if loader:
            loader.update(num_workers=0, persistent_workers=False)
    cfg.visualizer = {'type': 'Visualizer'}
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = f'{path.stem}-{len(DefaultScope._instance_dict)}'
    return cfg


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_row_trains_and_tests(path, synth_oc, tmp_path):
    if path.stem == 'backbone_hrnet_w32' and find_spec('mmpose') is None:
        pytest.skip('HRNet comes from mmpose, which is not installed: make detectors')
    runner = Runner.from_cfg(small_config(path, synth_oc, tmp_path))
    before = {name: each.clone() for name, each in runner.model.named_parameters()}
    runner.train()
    trained = {name for name, each in runner.model.named_parameters() if each.requires_grad}
    moved = {n for n, each in runner.model.named_parameters() if not each.equal(before[n])}
    assert moved <= trained
    assert len(moved) > len(trained) / 2
    assert runner.test()['MPJPE'] > 0


def _written(config, path):
    config.dump(path)
    return str(path)


def _pretrain(synth_oc, tmp_path, starts, steps, *options):
    """Pretrain at the size of the small rows; the weights of the pretrainer afterwards."""
    cfg = load_config(ROOT / 'configs' / 'pretrain' / 'prior_tiny.py', {'data_root': str(synth_oc)})
    sizes = SMALL_PARTS['DiffusionPriorBackbone']
    cfg.merge_from_dict({key.replace('backbone.', ''): value for key, value in sizes.items()})
    cfg.model.autoencoder_steps = 2
    cfg.train_dataloader.update(batch_size=2, num_workers=0, persistent_workers=False)
    cfg.train_dataloader.dataset.pipeline[3].input_size = (64, 64)
    cfg.train_cfg.max_iters = steps
    cfg.default_hooks.checkpoint.interval = 3
    cfg.log_level = 'ERROR'
    cfg.experiment_name = f'pretrain-{len(DefaultScope._instance_dict)}'
    config = _written(cfg, tmp_path / 'pretrain.json')
    folders = ['--work-dir', str(tmp_path / 'work'), '--out', str(tmp_path / 'prior')]
    tool = str(ROOT / 'tools' / 'pretrain_prior.py')
    with pytest.MonkeyPatch.context() as patch:
        arguments = ['--pictures', str(len(starts)), '--start', *starts, *options]
        patch.setattr(sys, 'argv', [tool, config, *folders, *arguments])
        runpy.run_path(tool, run_name='__main__')
    last = (tmp_path / 'work' / 'last_checkpoint').read_text()
    return torch.load(last, weights_only=False)['state_dict']


def test_rows_start_from_a_pretrained_model(synth_oc, tmp_path, capsys):
    rows = {
        name: small_config(FOLDER / f'{name}.py', synth_oc, tmp_path / name)
        for name in ('backbone_prior', 'lora_4')
    }
    for name, cfg in rows.items():
        cfg.model.init_cfg = load_config(FOLDER / f'{name}.py').model.init_cfg
        cfg.model.init_cfg.checkpoint = str(tmp_path / f'{name}.pth')
    starts = [_written(cfg, tmp_path / f'{name}.json') for name, cfg in rows.items()]
    prior = _pretrain(synth_oc, tmp_path, starts, 4)
    assert (tmp_path / 'prior' / 'pictures.png').is_file()
    assert (
        f'start of {starts[1]}: {rows["lora_4"].model.init_cfg.checkpoint}'
        in capsys.readouterr().out
    )
    name = 'mid_block.attentions.0.transformer_blocks.0.attn2.to_k'
    for row, cfg in rows.items():
        runner = Runner.from_cfg(cfg)
        runner.train()
        layer = runner.model.backbone.unet.get_submodule(name)
        same = getattr(layer, 'base_layer', layer).weight.equal(prior[f'unet.{name}.weight'])
        assert same == (row == 'lora_4'), 'the UNet is trained without adapters, and only then'
        _check_that_only_the_prior_is_shared(cfg, adapters=row == 'lora_4')


def _check_that_only_the_prior_is_shared(cfg, adapters):
    """Of two seeds what the prior does not give starts apart, as in the base."""
    starts = []
    for seed in (1, 2):
        cfg.randomness.seed = seed
        cfg.experiment_name = f'start-{len(DefaultScope._instance_dict)}'
        runner = Runner.from_cfg(cfg)
        runner.model.init_weights()
        starts.append({name: each.detach() for name, each in runner.model.named_parameters()})
    apart = {name for name in starts[0] if not starts[0][name].equal(starts[1][name])}
    kinds = {'neck', 'head', 'controlnet_cond_embedding', *(('lora_A',) if adapters else ())}
    assert {kind for kind in kinds if any(kind in name.split('.') for name in apart)} == kinds
    assert all(kinds.intersection(name.split('.')) for name in apart), 'the prior is one for all'


def test_a_start_that_does_not_fit_ends_before_the_training(synth_oc, tmp_path):
    cfg = small_config(FOLDER / 'backbone_prior.py', synth_oc, tmp_path)
    with pytest.raises(SystemExit, match='has neither load_from nor PretrainedParts'):
        _pretrain(synth_oc, tmp_path, [_written(cfg, tmp_path / 'row.json')], 1)
    parts = {'type': 'PretrainedParts', 'checkpoint': 'start.pth', 'parts': ('backbone',)}
    cfg.model.init_cfg = [parts]
    cfg.model.backbone.latent_scale = 0.18215
    with pytest.raises(SystemExit, match=r'backbone.latent_scale is 0.18215, but model.latent_sca'):
        _pretrain(synth_oc, tmp_path, [_written(cfg, tmp_path / 'row.json')], 1)
    assert not (tmp_path / 'work').exists()


def test_interrupted_pretraining_goes_on(synth_oc, tmp_path):
    (tmp_path / 'whole').mkdir()
    (tmp_path / 'parts').mkdir()
    whole = _pretrain(synth_oc, tmp_path / 'whole', [], 6)
    _pretrain(synth_oc, tmp_path / 'parts', [], 3)
    parts = _pretrain(synth_oc, tmp_path / 'parts', [], 6, '--resume')
    assert whole['batches'] == parts['batches'] == 6
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
