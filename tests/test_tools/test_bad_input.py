"""What is wrong with the input is one line under the name of the tool."""

from pathlib import Path

import pytest

CONFIG = 'configs/dpmesh_synth_oc_tiny.py'
COMMANDS = [
    'tools/export.py none.npz --format obj --out {out}',
    'tools/infer.py none.py none.pth photo.jpg --out {out}',
    'tools/train.py none.py',
    f'tools/train.py {CONFIG} --auto-scale-lr --cfg-options auto_scale_lr=None',
    'tools/analysis_tools/benchmark.py none.py',
    f'tools/analysis_tools/benchmark.py {CONFIG} --device cuda:99x',
    'tools/analysis_tools/benchmark_metrics.py --metrics MPJPR',
    'tools/analysis_tools/benchmark_pipeline.py none.py',
    'tools/analysis_tools/browse_dataset.py none.py --out {out}',
    'tools/analysis_tools/contact_sheet.py none --out {out}.png',
    'tools/analysis_tools/get_cost.py configs/baselines/keypoint_lifter_synth_oc.py',
    'tools/analysis_tools/run_ablations.py none.py --work-dir {out}',
    'tools/analysis_tools/stress_test.py none.py none --out {out}',
    'tools/dataset_converters/cache_latents.py none.py',
    'tools/dataset_converters/check_data.py none.py',
    'tools/model_converters/official_to_dpmesh.py none.tar {out}.pth --config none.py',
    'tools/model_converters/sd_to_dpmesh.py none {out}.pth --config none.py',
    'tools/model_converters/smpl.py none {out}',
    'tools/model_converters/vposer.py none {out}.pth',
]


@pytest.mark.parametrize('command', COMMANDS)
def test_it_is_said_in_one_line(command, run_tool, tmp_path):
    words = command.format(out=tmp_path / 'out').split()
    code, said = run_tool(words)
    assert code == 1, said
    assert said.startswith(f'{Path(words[0]).stem}: '), said
    assert said.count('\n') == 1, said
    assert list(tmp_path.iterdir()) == []
