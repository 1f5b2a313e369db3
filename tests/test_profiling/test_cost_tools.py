import json
import runpy
import sys

import pytest
from mmengine.config import Config


@pytest.fixture
def config_file(tiny_config, tmp_path):
    path = tmp_path / 'tiny.py'
    optimizer = {'type': 'OptimWrapper', 'optimizer': {'type': 'SGD', 'lr': 0.1}}
    Config({'model': tiny_config, 'optim_wrapper': optimizer}).dump(path)
    return str(path)


@pytest.fixture
def run_tool(repo_root, monkeypatch, capsys, tmp_path):
    def run(name: str, *arguments: str) -> tuple[str, list | dict]:
        out = tmp_path / f'{name}.json'
        script = repo_root / 'tools' / 'analysis_tools' / f'{name}.py'
        monkeypatch.setattr(sys, 'argv', [str(script), *arguments, '--out', str(out)])
        runpy.run_path(str(script), run_name='__main__')
        return capsys.readouterr().out, json.loads(out.read_text())

    return run


def test_get_cost(run_tool, config_file):
    text, costs = run_tool('get_cost', config_file, '--cfg-options', 'model.backbone.lora.rank=4')
    assert 'control branch' in text
    assert costs[-1]['name'] == 'sum'
    assert costs[-1]['flops'] == sum(cost['flops'] for cost in costs[:-1])


@pytest.mark.parametrize('name', ['get_cost', 'benchmark'])
def test_crops_have_the_size_that_the_config_is_made_for(run_tool, repo_root, name):
    """This one is made for 128 px, where heatmaps and latents of 256 px do not fit together."""
    options = ('--train', '--repeats', '1', '--warmup', '0', '--matmul-size', '8', '--latents')
    config = str(repo_root / 'configs/dpmesh_synth_oc_small.py')
    text, _ = run_tool(name, config, *(options if name == 'benchmark' else ()))
    assert name == 'benchmark' or '128 px' in text


def test_benchmark_of_predictions(run_tool, config_file):
    options = ('--repeats', '1', '--warmup', '0', '--matmul-size', '8', '--device', 'cpu')
    kinds = ('--merge-lora', '--channels-last', '--dtype', 'float32', 'bfloat16')
    text, content = run_tool('benchmark', config_file, *options, *kinds)
    assert 'share of it' in text
    assert [result['name'] for result in content['results']] == [
        'float32, batch 1',
        'float32, batch 1, channels-last, merged LoRA',
        'bfloat16, batch 1, channels-last, merged LoRA',
    ]
    assert content['machine']['device'] == 'cpu'


def test_benchmark_of_training(run_tool, config_file):
    options = ('--repeats', '1', '--warmup', '0', '--matmul-size', '8', '--device', 'cpu')
    _, content = run_tool('benchmark', config_file, '--train', *options)
    (result,) = content['results']
    assert {'UNet', 'backward', 'optimiser'} < set(result['parts'])
    assert result['deviation'] is None


def test_benchmark_of_a_lean_training(run_tool, config_file):
    options = ('--repeats', '1', '--warmup', '0', '--matmul-size', '8', '--device', 'cpu')
    kinds = ('--plain-dtype', 'float32', '--dtype', 'bfloat16', '--latents', '--half-frozen')
    text, content = run_tool(
        'benchmark', config_file, '--train', '--checkpointing', *kinds, *options
    )
    plain, lean = content['results']
    assert plain['name'] == 'float32, batch 1'
    assert lean['name'] == 'bfloat16, batch 1, encoded crops, frozen weights too, checkpointing'
    assert 'VAE' in plain['parts']
    assert 'VAE' not in lean['parts']
    assert lean['memory'] == lean['peak_bytes'] / plain['peak_bytes']
    assert content['loader'] is None
    assert 'peak memory, GiB' in text


def test_a_loader_belongs_to_a_training(run_tool, config_file):
    with pytest.raises(SystemExit, match='--loader belongs to --train'):
        run_tool('benchmark', config_file, '--loader')


def test_benchmark_of_a_recorded_set(run_tool, config_file, shared_dir):
    options = ('--repeats', '1', '--warmup', '0', '--matmul-size', '8', '--device', 'cpu')
    data = ('--parity', str(shared_dir / 'parity'), '--size', 'tiny')
    text, content = run_tool('benchmark', config_file, *options, *data)
    assert 'tiny model of' in text
    assert len(content['results']) == 1
