import pytest

from dpmesh_plugin.parity import ParitySet
from dpmesh_plugin.parity.official_model import OFFICIAL_SWITCHES, model_config
from dpmesh_plugin.utils.config import load_config


@pytest.mark.parametrize('name', ['dpmesh_3dpw_oc_official', 'dpmesh_3dpw_crowd_official'])
def test_official_configs_have_the_switches_of_the_comparison(repo_root, name):
    cfg = load_config(repo_root / f'configs/{name}.py')
    parts = dict(cfg.model, image_transformer=cfg.model.head.image_transformer)
    for part, switches in OFFICIAL_SWITCHES.items():
        assert {key: parts[part][key] for key in switches} == switches, part
    crop = next(step for step in cfg.test_pipeline if step.type == 'TopdownAffine')
    assert crop.absent_keypoints == 'origin'


def test_sizes_come_from_shapes(repo_root):
    shapes = ParitySet(repo_root / 'tests/data/parity', 'tiny').shapes
    config = model_config(shapes, body_model=None)
    assert config['backbone']['unet'] == {
        'block_out_channels': [32, 64, 64, 64],
        'layers_per_block': 1,
        'cross_attention_dim': 16,
    }
    assert config['backbone']['vae']['layers_per_block'] == 1
    assert config['backbone']['lora'] == {'rank': 2}
    assert config['head']['volume']['size'] == (2, 8, 8)
    assert config['head']['decoder']['num_layers'] == 2


@pytest.mark.parametrize(('size', 'width', 'rank'), [('tiny', 32, 16), ('full', 320, 64)])
def test_official_sizes(shared_dir, size, width, rank):
    config = model_config(ParitySet(shared_dir / 'parity', size).shapes, body_model=None)
    backbone = config['backbone']
    widths = [width, 2 * width, 4 * width, 4 * width]
    assert backbone['unet']['block_out_channels'] == widths
    assert (backbone['lora']['rank'], config['neck']['out_channels']) == (rank, 2048)
