import pytest
import torch
from mmengine.registry import init_default_scope

from dpmesh_plugin.registry import MODELS
from dpmesh_plugin.synthesis import DatasetRequest, write_dataset
from dpmesh_plugin.utils.config import load_config

SMALL_HEAD = (
    'body_model.genders=[neutral,male,female]',
    'model.neck.out_channels=16',
    'model.head.volume.channels=8',
    'model.head.volume.num_heads=2',
    'model.head.image_transformer.num_heads=2',
    'model.head.image_transformer.num_layers=1',
    'model.head.decoder.num_heads=2',
    'model.head.decoder.num_layers=2',
    'train_dataloader.batch_size=2',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'test_dataloader.num_workers=0',
)


@pytest.fixture(scope='session')
def data_root(tmp_path_factory):
    folder = tmp_path_factory.mktemp('synth_oc')
    write_dataset(folder, DatasetRequest(train=4, test=2, image_size=64, supersample=1))
    return folder


@pytest.fixture
def train_and_test(run_tool, data_root, tmp_path):
    """Train a config for one epoch of a few people, test what came of it; returns the output."""

    def run(config, *options):
        options = ['--cfg-options', f'data_root={data_root}', *SMALL_HEAD, *options]
        common = ['--work-dir', str(tmp_path), *options]
        train = ['tools/train.py', config, '--no-validate', *common, 'train_cfg.max_epochs=1']
        train += ['default_hooks.checkpoint.save_best=None']
        code, output = run_tool(train)
        assert code == 0, output[-3000:]
        checkpoint = (tmp_path / 'last_checkpoint').read_text()
        code, output = run_tool(['tools/test.py', config, checkpoint, *common])
        assert code == 0, output[-3000:]
        return output

    return run


@pytest.fixture(scope='session')
def web_demo(repo_root):
    """The folder of the web demo, whose package can be imported."""
    folder = repo_root / 'projects' / 'web_demo'
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield folder


@pytest.fixture(scope='session')
def web_demo_checkpoint(repo_root, tmp_path_factory):
    """Config and initial weights of a small model."""
    init_default_scope('dpmesh_plugin')
    torch.manual_seed(0)
    config = repo_root / 'configs' / 'dpmesh_synth_oc_tiny.py'
    path = tmp_path_factory.mktemp('web_demo') / 'initial.pth'
    torch.save({'state_dict': MODELS.build(load_config(config).model).state_dict()}, path)
    return config, path
