"""Runs that die while they write, have no room to write, or meet numbers that are none."""

import pytest
import torch

EVERY = 'default_hooks.checkpoint.interval=1'
QUIET = ('--no-validate',)
HALF = 'train_dataloader.batch_size=2'
SHARDED = ('runner_type=FlexibleRunner', 'strategy.type=dpmesh_plugin.FullyShardStrategy')


def _hooks(**hook):
    return {'custom_hooks': [{'type': 'RecordLosses'}, hook]}


@pytest.mark.parametrize(
    ('step', 'survivor'),
    [
        ('half written', 2),
        ('not flushed', 2),
        ('not renamed', 2),
        ('renamed', 2),
        ('pointed to', 3),
    ],
)
def test_killed_while_writing(launch, step, survivor):
    keep = 'default_hooks.checkpoint.max_keep_ckpts=1'
    run = launch(
        EVERY, keep, entries=_hooks(type='KillInWrite', iteration=3, step=step), flags=QUIET
    )
    assert run.codes == [-9], run.end
    assert run.checkpoint()['meta']['iter'] == survivor
    if step == 'half written':
        assert list(run.work_dir.glob('.*.partial'))
        again = launch(EVERY, keep, flags=[*QUIET, '--resume'], work_dir=run.work_dir)
        assert again.codes == [0], again.end
        assert [line['iter'] for line in again.lines()] == [0, 1, 2, 3, 4]
        assert again.checkpoints == ['iter_5.pth']
        assert not list(run.work_dir.glob('.*.partial'))


@pytest.mark.parametrize('on_error', ['stop', 'continue'])
def test_full_disk(launch, on_error):
    run = launch(
        EVERY,
        'default_hooks.checkpoint.max_keep_ckpts=2',
        f'default_hooks.checkpoint.on_error={on_error}',
        entries=_hooks(type='FullDisk', size=100_000, first=3, last=3),
        flags=QUIET,
    )
    assert run.log.count('could not write the checkpoint') == 1
    assert 'iter_3.pth: [Errno 27] File too large' in run.log
    assert 'MB are free there). The latest whole one is' in run.log
    assert not list(run.work_dir.glob('.*.partial'))
    if on_error == 'stop':
        assert run.codes == [1]
        assert run.checkpoints == ['iter_1.pth', 'iter_2.pth']
        assert run.checkpoint()['meta']['iter'] == 2
    else:
        assert run.codes == [0]
        assert run.checkpoints == ['iter_4.pth', 'iter_5.pth']


@pytest.fixture
def poisoned(tiny_run):
    """Option that spoils a sample."""
    types = [step['type'] for step in tiny_run.train_pipeline]
    entry = f'train_dataloader.dataset.pipeline.{types.index("Poison")}.sample_idx'
    return lambda sample_idx: f'{entry}={sample_idx}'


@pytest.mark.parametrize('strategy', [(), SHARDED], ids=['data parallel', 'fully sharded'])
def test_all_processes_skip_the_step_of_a_bad_sample(launch, poisoned, strategy):
    """Sample 9 is the last of the first batch."""
    options = [HALF, EVERY, poisoned(9), 'default_hooks.non_finite.action=skip']
    run = launch(*options, 'train_cfg.max_iters=2', *strategy, flags=QUIET, processes=2)
    assert run.codes == [0, 0], run.end
    first, second = run.lines(0)[0], run.lines(1)[0]
    assert 9 in second['samples']
    assert 'loss' in first
    assert 'loss' not in second
    assert (
        'iteration 1: the loss is not finite. Not finite: loss_smpl_shape of sample 9 (' in run.log
    )
    assert run.log.count('The step is skipped') == sum(
        9 in line['samples'] for rank in range(2) for line in run.lines(rank)
    )
    steps = [run.checkpoint(f'iter_{step}.pth')['optimizer']['state'] for step in (1, 2)]
    assert not steps[0]
    assert steps[1]
    weights = run.checkpoint()['state_dict'].values()
    assert all(torch.isfinite(value).all() for value in weights)


def test_stopped_at_a_bad_sample(launch, poisoned):
    run = launch(poisoned(8), EVERY, flags=QUIET)
    assert run.codes == [1]
    assert 'FloatingPointError: iteration 2: the loss is not finite' in run.log
    assert 'synth_train_000/image_00' in run.log
    assert run.checkpoint()['meta']['iter'] == 1
