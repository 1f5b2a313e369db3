"""That resumed runs equal uninterrupted ones is in tests/test_runs."""

import pytest
import torch
from mmengine.hooks import Hook
from torch import nn

HOOK = {'type': 'ExactResumeHook'}


class Draws(Hook):
    """Keeps what the generator of the process gives in every iteration."""

    def __init__(self):
        self.numbers = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.numbers.append(float(torch.rand(())))


@pytest.fixture
def draws(make_runner):
    def run(**options):
        recorder = Draws()
        runner = make_runner(hooks=[HOOK, recorder], **options)
        torch.rand(7)
        runner.train()
        return runner, recorder.numbers

    return run


def test_draws_depend_on_seed_and_iteration_alone(draws):
    _, first = draws(randomness={'seed': 1})
    assert first[0] != first[1]
    torch.manual_seed(9)
    assert draws(randomness={'seed': 1})[1] == first
    assert draws(randomness={'seed': 2})[1] != first


def test_the_seed_of_the_sampler_is_taken_up_where_the_config_has_none(make_runner, tmp_path):
    options = {'hooks': [HOOK], 'randomness': {'seed': None}}
    first = make_runner(**options)
    first.train()
    second = make_runner(**options, resume=True)
    assert second.train_dataloader.sampler.seed != first.train_dataloader.sampler.seed
    second.train()
    assert second.train_dataloader.sampler.seed == first.train_dataloader.sampler.seed


def test_other_batches_are_reported(make_runner, tmp_path, capsys):
    make_runner(hooks=[HOOK]).train()
    path = next(tmp_path.glob('*.pth'))
    checkpoint = torch.load(path, weights_only=False)
    assert checkpoint['meta']['position'] | {'sampler_seed': 0} == {
        'batches_done': None,
        'epoch_length': None,
        'total_batch_size': 2,
        'sampler_seed': 0,
    }
    checkpoint['meta']['position']['total_batch_size'] = 64
    torch.save(checkpoint, path)
    make_runner(hooks=[HOOK], resume=True, log_level='WARNING').train()
    assert (
        'batches of 2 samples, None an epoch; the checkpoint comes from 64 samples, None'
        in capsys.readouterr().out
    )


def test_other_batches_within_an_epoch_are_refused(make_runner, tmp_path):
    loop = {'type': 'ResumableEpochLoop', 'max_epochs': 1}
    options = {'hooks': [HOOK], 'train_cfg': loop}
    make_runner(**options).train()
    path = next(tmp_path.glob('*.pth'))
    checkpoint = torch.load(path, weights_only=False)
    position = checkpoint['meta']['position']
    assert (position['batches_done'], position['epoch_length']) == (0, 3)
    checkpoint['meta']['position'] |= {'batches_done': 2, 'epoch_length': 7}
    torch.save(checkpoint, path)
    with pytest.raises(ValueError, match='lies 2 batches within an epoch. Resume with the same'):
        make_runner(**options, resume=True).train()


def test_loading_weights_is_no_resume(make_runner, tmp_path):
    make_runner(hooks=[HOOK]).train()
    runner = make_runner(hooks=[HOOK], load_from=str(next(tmp_path.glob('*.pth'))))
    runner.train()
    assert runner.iter == 2


@pytest.mark.parametrize('fused', [True, False])
def test_the_memory_order_may_change(make_runner, estimator, tmp_path, fused):
    class Convolution(estimator):
        def __init__(self):
            super().__init__(width=1)
            torch.manual_seed(0)
            self.filter = nn.Conv2d(3, 4, 3)

        def forward(self, inputs, data_samples, mode='tensor'):
            ramp = torch.linspace(0, 1, 3 * 8 * 6).reshape(3, 8, 6)
            crops = torch.stack([crop * ramp for crop in inputs])
            return {'loss': self.filter(crops).square().mean() + 0 * self.layer.bias.sum()}

    def run(channels_last, **options):
        order = {'type': 'TrainingSpeedHook', 'channels_last': True}
        runner = make_runner(
            hooks=[HOOK, order] if channels_last else [HOOK],
            model=Convolution(),
            default_hooks={'checkpoint': {'type': 'CheckpointHook', 'interval': 2}},
            train_cfg={'by_epoch': True, 'max_epochs': 4},
            optim_wrapper={'optimizer': {'type': 'AdamW', 'lr': 0.01, 'fused': fused}},
            val_cfg=None,
            val_dataloader=None,
            val_evaluator=None,
            **options,
        )
        return runner.train().filter.weight

    whole = run(channels_last=False)
    resume = {'resume': True, 'load_from': str(tmp_path / 'epoch_2.pth')}
    torch.testing.assert_close(run(channels_last=True, **resume), whole)
    run(channels_last=True)
    torch.testing.assert_close(run(channels_last=False, **resume), whole)
