"""What a death or a full disk does to it is in tests/test_runs."""

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook

from dpmesh_plugin.engine.selection import recorded_best
from dpmesh_plugin.registry import HOOKS
from dpmesh_plugin.utils.checkpoint_file import read_checkpoint

HOOK = {'type': 'SafeCheckpointHook', 'by_epoch': False}


class Scores(BaseMetric):
    """Gives prepared numbers, one validation after the other."""

    default_prefix = ''

    def __init__(self, *scores):
        super().__init__()
        self.scores = iter(scores)

    def process(self, data_batch, data_samples):
        self.results.append(None)

    def compute_metrics(self, results):
        return {'error': next(self.scores), 'good': 1.0}


class NoRoom(Hook):
    """Fails the checkpoints of an iteration."""

    def __init__(self, iteration):
        self.iteration = iteration

    def before_save_checkpoint(self, runner, checkpoint):
        if checkpoint['meta']['iter'] == self.iteration:
            raise OSError('no room')


@pytest.fixture
def train(make_runner, tmp_path):
    """Train for some iterations with a checkpoint hook; gives its files."""

    def run(*scores, max_iters=4, hooks=(), work_dir=None, resume=False, load_from=None, **options):
        runner = make_runner(
            hooks=list(hooks),
            default_hooks={'checkpoint': {**HOOK, **options}},
            train_cfg={'by_epoch': False, 'max_iters': max_iters, 'val_interval': 1},
            val_evaluator=[Scores(*(scores or [1.0] * max_iters))],
            work_dir=str(work_dir or tmp_path),
            resume=resume,
            load_from=load_from,
        )
        runner.train()
        return sorted(path.name for path in tmp_path.glob('*.pth'))

    return run


def _meta(path):
    return torch.load(path, weights_only=False)['meta']


def test_the_latest_are_kept_and_say_where_they_stand(train, tmp_path):
    assert train(max_keep_ckpts=2) == ['iter_3.pth', 'iter_4.pth']
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'iter_4.pth')
    assert _meta(tmp_path / 'iter_3.pth')['selection'] == {
        'rule': 'schedule',
        'epoch': 0,
        'iter': 3,
    }
    assert _meta(tmp_path / 'iter_4.pth')['selection'] == {'rule': 'last', 'epoch': 0, 'iter': 4}


def test_all_are_kept_by_default(train):
    assert train() == ['iter_1.pth', 'iter_2.pth', 'iter_3.pth', 'iter_4.pth']


def test_the_best_is_kept_with_the_reason(train, tmp_path):
    files = train(3.0, 1.0, 2.0, float('nan'), save_best='error', max_keep_ckpts=1)
    assert files == ['best_error_iter_2.pth', 'iter_4.pth']
    assert _meta(tmp_path / files[0])['selection'] == {
        'rule': 'best',
        'metric': 'error',
        'direction': 'less',
        'score': 1.0,
        'dataset': 'fake',
        'split': None,
        'epoch': 0,
        'iter': 2,
    }
    assert recorded_best(read_checkpoint(tmp_path / 'iter_4.pth')) == {'best_error_iter_2.pth'}


def test_the_best_of_another_folder_is_left_there(train, tmp_path):
    train(3.0, 2.0, save_best='error', max_iters=2, work_dir=str(tmp_path / 'first'))
    last = str(tmp_path / 'first' / 'iter_2.pth')
    options = {'resume': True, 'load_from': last, 'work_dir': str(tmp_path / 'second')}
    train(1.0, 0.5, save_best='error', max_iters=4, **options)
    assert sorted(path.name for path in tmp_path.glob('*/best*')) == [
        'best_error_iter_2.pth',
        'best_error_iter_4.pth',
    ]


def test_several_metrics_and_the_greater_one(train, tmp_path):
    files = train(
        1.0, 2.0, save_best=['error', 'good'], rule='greater', max_iters=2, max_keep_ckpts=1
    )
    assert files == ['best_error_iter_2.pth', 'best_good_iter_1.pth', 'iter_2.pth']
    assert recorded_best(read_checkpoint(tmp_path / 'iter_2.pth')) == set(files[:2])


def test_a_metric_that_is_not_measured_is_named(train):
    with pytest.raises(KeyError, match="save_best is 'MPJPE'; the validation gives: error, good"):
        train(save_best='MPJPE')


def test_a_run_without_its_last_checkpoint_has_failed(train, tmp_path):
    options = {'on_error': 'continue', 'max_iters': 2}
    assert train(hooks=[NoRoom(1)], **options) == ['iter_2.pth']
    (tmp_path / 'iter_2.pth').unlink()
    with pytest.raises(OSError, match=r'iter_2.pth: no room .* with --resume$'):
        train(hooks=[NoRoom(2)], **options)


@pytest.mark.parametrize('counts', [2, 4])
def test_gradients_between_the_steps_of_the_optimizer_are_kept(make_runner, tmp_path, counts):
    """An epoch has 3 batches, so that it ends between two steps."""

    def run(**options):
        torch.manual_seed(0)
        runner = make_runner(
            hooks=[],
            default_hooks={'checkpoint': {**HOOK, 'by_epoch': True, 'interval': 1}},
            train_cfg={'by_epoch': True, 'max_epochs': 3},
            optim_wrapper={'optimizer': {'type': 'SGD', 'lr': 0.1}, 'accumulative_counts': counts},
            val_cfg=None,
            val_dataloader=None,
            val_evaluator=None,
            **options,
        )
        return runner.train().state_dict()

    whole = run()
    assert 'gradients' not in read_checkpoint(tmp_path / 'epoch_3.pth')
    for epoch in (1, 2):
        resumed = run(resume=True, load_from=str(tmp_path / f'epoch_{epoch}.pth'))
        torch.testing.assert_close(resumed, whole, rtol=0, atol=0)


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match=r"on_error \('stop', 'continue'\), got 'go'"):
        HOOKS.build({**HOOK, 'on_error': 'go'})
    with pytest.raises(ValueError, match='out_dir must be a local folder'):
        HOOKS.build({**HOOK, 'out_dir': 's3://bucket'})
