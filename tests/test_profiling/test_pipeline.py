import json
import runpy
import sys

import pytest
from mmengine.registry import init_default_scope

from dpmesh_plugin.profiling import profile_pipeline
from dpmesh_plugin.registry import DATASETS

STEPS = ('LoadMeshImage', 'KeypointsToPrompt', 'CropBox')


class TickingClock:
    """Every reading is one second after the one before."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def config(synth_oc) -> dict:
    return {
        'type': 'PW3DDataset',
        'data_root': str(synth_oc),
        'ann_file': 'synth_oc_train.json',
        'pipeline': [{'type': name} for name in STEPS],
    }


def test_every_stage_is_timed_once_per_sample(config):
    profile = profile_pipeline(DATASETS.build(config), samples=4, warmup=2, clock=TickingClock())
    assert profile.seconds == dict.fromkeys(('annotation', *STEPS), 1.0)
    assert profile.per_second == 0.25
    assert profile.share('CropBox') == 0.25


def test_mixtures_and_bad_numbers(config):
    mixture = {'type': 'MixedMeshDataset', 'groups': {'first': [config], 'second': [config]}}
    profile = profile_pipeline(DATASETS.build(mixture), samples=3, warmup=0)
    assert list(profile.seconds) == ['annotation', *STEPS]
    with pytest.raises(ValueError, match='samples >= 1 and warmup >= 0, got 0 and 0'):
        profile_pipeline(DATASETS.build(config), samples=0, warmup=0)


@pytest.fixture
def run(repo_root, tmp_path, monkeypatch, capsys):
    """Runs the tool; gives what it prints and the numbers it writes."""
    tool = repo_root / 'tools' / 'analysis_tools' / 'benchmark_pipeline.py'
    out = tmp_path / 'numbers.json'

    def start(config, *options):
        monkeypatch.setattr(sys, 'argv', [str(tool), str(config), '--out', str(out), *options])
        runpy.run_path(str(tool), run_name='__main__')
        return capsys.readouterr().out, json.loads(out.read_text())

    yield start
    init_default_scope('dpmesh_plugin')


def test_tool(synth_oc, repo_root, run):
    config = repo_root / 'configs' / 'dpmesh_synth_oc_tiny.py'
    option = ['--cfg-options', f'data_root={synth_oc}']
    text, (numbers,) = run(config, '--samples', '5', '--warmup', '1', *option)
    assert 'TopdownAffine' in text
    assert 'samples/s on one core (5 samples)' in text
    assert numbers['samples'] == 5
    text, (numbers,) = run(config, '--index', '20', *option)
    assert 'SynthOCDataset: index of 20 people' in text
    assert numbers['people'] == 20


def test_tool_times_what_is_below_a_wrapper(config, run, tmp_path):
    path = tmp_path / 'prepared.py'
    wrapped = {'type': 'PreparedDataset', 'dataset': config}
    path.write_text(f'train_dataloader = dict(dataset={wrapped!r})\n')
    _, (numbers,) = run(path, '--samples', '3', '--warmup', '0')
    assert list(numbers['seconds']) == ['annotation', *STEPS]
    text, (numbers,) = run(path, '--index', '6')
    assert 'PW3DDataset: index of 6 people' in text
