"""Every config loads, says only what something reads, and builds at tiny size."""

from pathlib import Path

import mmengine.registry
import pytest
from mmengine.dataset import Compose

from dpmesh_plugin.registry import DATASETS, HOOKS, METRICS, MODELS, VISUALIZERS
from dpmesh_plugin.utils.config import load_config

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted(
    path
    for folder in ('configs', 'projects')
    for path in (ROOT / folder).rglob('*.py')
    if '_base_' not in path.parts and (folder == 'configs' or 'configs' in path.parts)
)
OPEN_BODY = {'body_model.path': None}
TINY_BACKBONE = {
    'model.backbone.unet.block_out_channels': (16, 16, 16, 16),
    'model.backbone.unet.norm_num_groups': 8,
    'model.backbone.vae.block_out_channels': (8, 8, 8, 8),
    'model.backbone.vae.norm_num_groups': 8,
}
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def _load(path):
    options = dict(OPEN_BODY)
    cfg = load_config(path, options)
    if cfg.model.get('backbone', {}).get('type') == 'DiffusionPriorBackbone':
        rank = {'model.backbone.lora.rank': 4} if cfg.model.backbone.lora else {}
        cfg = load_config(path, {**options, **TINY_BACKBONE, **rank})
    return cfg


def _parts(dataset):
    """The data sets of a mixture, or the data set itself."""
    if 'groups' in dataset:
        return [part for parts in dataset.groups.values() for part in parts]
    if 'dataset' in dataset:  # a wrapper
        return [dataset.dataset]
    return [dataset]


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch):
    """Projects are imported from the root of the repository."""
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_builds(path):
    cfg = _load(path)
    body = cfg.model.get('backbone', {}).get('body', {})
    if body.get('type', '').startswith('mmpose.'):
        pytest.importorskip('mmpose', reason='mmpose is not installed: make detectors')
    model = MODELS.build(cfg.model)
    assert sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    if cfg.get('visualizer'):
        assert VISUALIZERS.build({**cfg.visualizer, 'name': path.stem})
    predicted = {part.model_id for part in model.modules() if hasattr(part, 'model_id')}
    evaluators = cfg.get('test_evaluator') or []
    for evaluator in evaluators if isinstance(evaluators, list) else [evaluators]:
        assert METRICS.build(evaluator).body_model.model_id in predicted
    for hook in cfg.default_hooks.values():
        assert HOOKS.build(hook)
    for loader in LOADERS:
        if cfg.get(loader):
            assert DATASETS.get(cfg[loader].dataset.type), cfg[loader].dataset.type
            for dataset in _parts(cfg[loader].dataset):
                assert DATASETS.get(dataset.type), dataset.type
                assert Compose(dataset.pipeline)
            # The runner looks the function up in the root registry, without the scope.
            assert callable(mmengine.registry.FUNCTIONS.get(cfg[loader].collate_fn.type))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_is_short_and_says_what_it_is(path):
    text = path.read_text()
    assert text.startswith('"""')
    assert len(text.splitlines()) < 40


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_a_cosine_ends_with_the_training(path):
    cfg = load_config(path)
    schedules = cfg.get('param_scheduler') or []
    for schedule in schedules if isinstance(schedules, list) else [schedules]:
        if schedule.type == 'CosineAnnealingLR':
            assert schedule.end in (cfg.train_cfg.get('max_epochs'), cfg.train_cfg.get('max_iters'))


def test_more_epochs_of_the_small_model_as_documented():
    docs = (ROOT / 'docs' / 'training.md').read_text()
    options = {'train_cfg.max_epochs': 3, 'param_scheduler.1.end': 3}
    assert ' '.join(f'{key}={value}' for key, value in options.items()) in docs
    cfg = load_config(ROOT / 'configs' / 'dpmesh_synth_oc_small.py', options)
    assert [schedule.end for schedule in cfg.param_scheduler] == [200, cfg.train_cfg.max_epochs]
