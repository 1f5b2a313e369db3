"""A run that was killed goes on as if nothing had happened."""

import pytest
import torch

EVERYTHING = (
    'train_cfg.max_iters=6',
    'train_dataloader.num_workers=1',
    'model.neck.joint_drop=0.3',
    'optim_wrapper.dtype=float16',
    'optim_wrapper.accumulative_counts=2',
)
AVERAGE = {'type': 'EMAHook', 'momentum': 0.1}
TWO_EPOCHS_WITH_TEACHER = {
    'train_cfg': {'type': 'ResumableEpochLoop', 'max_epochs': 2, '_delete_': True},
    'model': {
        'type': 'MeshDistiller',
        'teacher': {'type': 'EMATeacher', 'momentum': 0.1},
        'distillation': {'fused': {'type': 'MapDistanceLoss'}},
    },
    'default_hooks': {'teacher': {'type': 'TeacherHook'}},
}
QUIET = ('--no-validate',)
BY_EPOCH = (
    'train_dataloader.sampler.type=EpochSampler',
    'train_dataloader.num_workers=1',
    'train_dataloader.persistent_workers=True',
    'model.neck.joint_drop=0.3',
    'default_hooks.checkpoint.interval=1',
    'optim_wrapper.accumulative_counts=2',
)


def _hooks(*hooks):
    return {'custom_hooks': [{'type': 'RecordLosses'}, *hooks]}


def _kill(iteration, rank=0):
    return {'type': 'KillAt', 'iteration': iteration, 'rank': rank}


def _same(node, other):
    """Whether nested containers hold the same numbers, bit for bit."""
    if isinstance(node, dict):
        return node.keys() == other.keys() and all(_same(node[key], other[key]) for key in node)
    if isinstance(node, list | tuple):
        return len(node) == len(other) and all(map(_same, node, other))
    return node.equal(other) if isinstance(node, torch.Tensor) else node == other


def _assert_same_run(run, other):
    for name in ('state_dict', 'ema_state_dict', 'teacher', 'optimizer', 'param_schedulers'):
        ours, its = run.checkpoint().get(name), other.checkpoint().get(name)
        assert _same(ours, its), name
    for rank in range(len(run.codes)):
        assert run.lines(rank) == other.lines(rank)


@pytest.fixture(scope='module')
def uninterrupted(launch):
    run = launch(*EVERYTHING, entries=_hooks(AVERAGE), flags=QUIET)
    assert run.codes == [0], run.end
    assert len(run.lines()) == 6
    assert 'ema_state_dict' in run.checkpoint()
    assert run.checkpoint()['optimizer']['loss_scaler']['scale']
    return run


@pytest.mark.parametrize('iteration', [1, 5])
def test_killed_at_an_iteration(launch, uninterrupted, iteration):
    killed = launch(*EVERYTHING, entries=_hooks(AVERAGE, _kill(iteration)), flags=QUIET)
    assert killed.codes == [-9]
    resume = {'flags': [*QUIET, '--resume'], 'work_dir': killed.work_dir}
    run = launch(*EVERYTHING, entries=_hooks(AVERAGE), **resume)
    assert run.codes == [0], run.end
    _assert_same_run(run, uninterrupted)


def test_killed_within_an_epoch(launch):
    whole = launch(*BY_EPOCH, entries=TWO_EPOCHS_WITH_TEACHER, flags=QUIET)
    assert [line['batch_idx'] for line in whole.lines()] == [0, 1, 2, 0, 1, 2]
    entries = TWO_EPOCHS_WITH_TEACHER | _hooks(_kill(6))
    killed = launch(*BY_EPOCH, entries=entries, flags=QUIET)
    assert killed.codes == [-9]
    resume = {'flags': [*QUIET, '--resume'], 'work_dir': killed.work_dir}
    run = launch(*BY_EPOCH, entries=TWO_EPOCHS_WITH_TEACHER, **resume)
    assert run.codes == [0], run.end
    assert run.checkpoint()['teacher']['weights']
    _assert_same_run(run, whole)


def test_one_of_two_processes_killed(launch):
    options = ['train_dataloader.batch_size=2', 'model.neck.joint_drop=0.3']
    options += ['optim_wrapper.accumulative_counts=3']
    whole = launch(*options, flags=QUIET, processes=2)
    killed = launch(*options, entries=_hooks(_kill(3, rank=1)), flags=QUIET, processes=2)
    assert killed.codes[1] == -9
    assert killed.codes[0] != 0
    run = launch(*options, flags=[*QUIET, '--resume'], processes=2, work_dir=killed.work_dir)
    assert run.codes == [0, 0], run.end
    _assert_same_run(run, whole)
    assert run.lines(0)[4]['random'] != run.lines(1)[4]['random']


def test_killed_in_a_validation(launch):
    options = ['train_cfg.val_interval=2', 'train_cfg.max_iters=2']
    killed = launch(*options, entries=_hooks({'type': 'KillInValidation'}))
    assert killed.codes == [-9]
    assert killed.checkpoints == ['iter_2.pth']
    run = launch(*options, flags=['--resume'], work_dir=killed.work_dir)
    assert run.codes == [0], run.end
    assert run.checkpoints == ['best_MPJPE_iter_2.pth', 'iter_2.pth']
