"""What the launch scripts call, seen by programs that write their arguments down."""

import os
import subprocess

import pytest


@pytest.fixture
def launch(repo_root, tmp_path):
    """Run a script of tools/ with recorders as ``python`` and ``srun``; returns what they got."""
    for name in ('python', 'srun'):
        path = tmp_path / name
        path.write_text('#!/bin/sh\nfor argument in "$@"; do echo "$argument"; done\n')
        path.chmod(0o755)

    def run(script, *arguments, **variables):
        environment = {'PATH': f'{tmp_path}:{os.environ["PATH"]}', **variables}
        command = [str(repo_root / 'tools' / script), *arguments]
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        return result.returncode, result.stdout.splitlines()

    return run


def test_one_machine(launch):
    code, words = launch('dist_train.sh', 'a.py', '8', '--resume', '--cfg-options', 'a=[1, 2]')
    assert code == 0
    assert words[:2] == ['-m', 'torch.distributed.run']
    assert {'--nnodes=1', '--node_rank=0', '--nproc_per_node=8'} <= set(words)
    assert {'--master_addr=127.0.0.1', '--master_port=29500', '--max_restarts=0'} <= set(words)
    assert words[-7].endswith('tools/train.py')
    assert words[-6:] == ['a.py', '--launcher', 'pytorch', '--resume', '--cfg-options', 'a=[1, 2]']


@pytest.mark.parametrize(
    ('script', 'arguments'),
    [('dist_train.sh', ['a.py', '4']), ('dist_test.sh', ['a.py', 'a.pth', '4'])],
)
def test_several_machines(launch, script, arguments):
    variables = {'NNODES': '2', 'NODE_RANK': '1', 'MASTER_ADDR': '10.0.0.1', 'PORT': '1234'}
    code, words = launch(script, *arguments, **variables)
    assert code == 0
    expected = {'--nnodes=2', '--node_rank=1', '--nproc_per_node=4'}
    assert expected | {'--master_addr=10.0.0.1', '--master_port=1234'} <= set(words)


def test_restarts(launch):
    assert '--max_restarts=3' in launch('dist_train.sh', 'a.py', '2', MAX_RESTARTS='3')[1]


@pytest.mark.parametrize('script', ['slurm_train.sh', 'slurm_test.sh'])
def test_slurm(launch, script):
    variables = {'GPUS': '16', 'GPUS_PER_NODE': '4', 'SRUN_ARGS': '--requeue --time=1:00'}
    code, words = launch(
        script, 'part', 'job', 'a.py', 'there', '--cfg-options', 'x=1', **variables
    )
    assert code == 0
    assert words[:2] == ['-p', 'part']
    expected = {'--job-name=job', '--gres=gpu:4', '--ntasks=16', '--ntasks-per-node=4'}
    assert expected | {'--cpus-per-task=5', '--requeue', '--time=1:00'} <= set(words)
    assert words.index('python') < words.index('a.py') < words.index('there')
    assert words[-4:] == ['--launcher', 'slurm', '--cfg-options', 'x=1']


@pytest.mark.parametrize(
    'script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh']
)
def test_without_arguments_the_use_is_shown(launch, script):
    code, words = launch(script)
    assert code == 2
    assert any(script in word for word in words)
