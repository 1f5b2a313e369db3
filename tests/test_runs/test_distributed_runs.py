"""Two processes with half the batch each equal one process with all of it."""

import pytest
import torch

VALID = "model.head.objective.terms.smpl_pose.reduction='valid'"
HALF = 'train_dataloader.batch_size=2'
SHARDED = (
    'runner_type=FlexibleRunner',
    'strategy.type=dpmesh_plugin.FullyShardStrategy',
    "strategy.blocks=['PositionEncoderLayer','PositionDecoderLayer']",
)
QUIET = ('--no-validate',)
AT_FOUR = 'default_hooks.checkpoint.interval=4'


@pytest.fixture(scope='module')
def whole(launch):
    return launch(VALID, AT_FOUR, flags=QUIET)


@pytest.fixture(scope='module')
def sharded(launch):
    return launch(VALID, HALF, AT_FOUR, *SHARDED, flags=QUIET, processes=2)


def _assert_equal(node, other, **tolerance):
    """Compare nested containers of tensors and numbers."""
    if isinstance(node, dict):
        assert node.keys() == other.keys()
        for key in node:
            _assert_equal(node[key], other[key], **tolerance)
    elif isinstance(node, list):
        assert len(node) == len(other)
        for pair in zip(node, other, strict=True):
            _assert_equal(*pair, **tolerance)
    elif isinstance(node, torch.Tensor):
        torch.testing.assert_close(node, other, **tolerance)
    else:
        assert node == other


def _check(run, whole):
    assert run.codes == [0, 0], run.end
    steps = list(zip(whole.lines(), run.lines(0), run.lines(1), strict=True))
    assert len(steps) == 5
    for alone, first, second in steps:
        assert sorted(first['samples'] + second['samples']) == sorted(alone['samples'])
        for name in alone:
            if 'loss' in name:
                mean = (first[name] + second[name]) / 2
                assert mean == pytest.approx(alone[name], abs=1e-5), name
    ours, its = run.checkpoint(), whole.checkpoint()
    _assert_equal(ours['state_dict'], its['state_dict'], atol=1e-5, rtol=0)
    _assert_equal(ours['optimizer'], its['optimizer'], atol=1e-5, rtol=0)
    assert ours['param_schedulers'] == its['param_schedulers']


def test_data_parallel(launch, whole):
    _check(launch(VALID, HALF, AT_FOUR, flags=QUIET, processes=2), whole)


def test_fully_sharded(sharded, whole):
    _check(sharded, whole)


def test_gradients_between_two_steps_go_on_in_shards_and_alone(launch):
    options = ['optim_wrapper.accumulative_counts=3', 'default_hooks.checkpoint.interval=1']
    options += ['train_cfg.max_iters=3']
    alone = launch(*options, flags=QUIET)
    sharded = launch(*options, HALF, *SHARDED, flags=QUIET, processes=2)
    first = 'iter_1.pth'
    from_shards = launch(*options, flags=[*QUIET, '--resume', str(sharded.work_dir / first)])
    resume = [*QUIET, '--resume', str(alone.work_dir / first)]
    in_shards = launch(*options, HALF, *SHARDED, flags=resume, processes=2)
    assert sum(each is not None for each in alone.checkpoint(first)['gradients']) > 10
    for run in (sharded, from_shards, in_shards):
        assert set(run.codes) == {0}, run.end
        _assert_equal(
            run.checkpoint()['state_dict'], alone.checkpoint()['state_dict'], atol=1e-5, rtol=0
        )


def test_a_sharded_run_goes_on_alone_and_the_other_way_round(launch, sharded, whole):
    alone = launch(VALID, flags=[*QUIET, '--resume', str(sharded.work_dir / 'iter_4.pth')])
    again = launch(
        VALID,
        HALF,
        *SHARDED,
        flags=[*QUIET, '--resume', str(whole.work_dir / 'iter_4.pth')],
        processes=2,
    )
    for run in (alone, again):
        assert set(run.codes) == {0}, run.end
        assert [line['iter'] for line in run.lines()] == [4]
        _assert_equal(
            run.checkpoint()['state_dict'], whole.checkpoint()['state_dict'], atol=1e-5, rtol=0
        )
        assert 'not an exact resume' not in run.log


@pytest.mark.parametrize(('processes', 'strategy'), [(1, ()), (2, SHARDED)])
def test_the_learning_rate_is_that_of_all_batches_of_a_step(launch, tiny_run, processes, strategy):
    """2 batches of 4 samples, on one process or two: 8 over the 64 of the config."""
    run = launch(
        f'train_dataloader.batch_size={4 // processes}',
        'optim_wrapper.accumulative_counts=2',
        'train_cfg.max_iters=2',
        *strategy,
        flags=[*QUIET, '--auto-scale-lr'],
        processes=processes,
    )
    assert set(run.codes) == {0}, run.end
    (rate,) = {group['initial_lr'] for group in run.checkpoint()['optimizer']['param_groups']}
    assert rate == pytest.approx(tiny_run.optim_wrapper.optimizer.lr * 8 / 64)
