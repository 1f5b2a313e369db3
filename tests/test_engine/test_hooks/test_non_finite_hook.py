"""Several processes and bad samples are in tests/test_runs."""

import pytest
import torch
from torch import nn

from dpmesh_plugin.registry import HOOKS

HOOK = {'type': 'NonFiniteHook'}
SKIP = {**HOOK, 'action': 'skip'}


def _estimator(estimator, spoil):
    """An estimator of one term, which another function may spoil."""

    class Spoiled(estimator):
        calls = 0

        def forward(self, inputs, data_samples, mode='tensor'):
            result = super().forward(inputs, data_samples, mode)
            if mode == 'loss':
                self.calls += self.training
                return {
                    'loss_far': spoil(result['loss'], self, inputs),
                    'loss_near': result['loss'],
                }
            return result

    return Spoiled()


def _at_sample(bad):
    return lambda loss, _, inputs: loss + sum(torch.inf for crop in inputs if crop.max() == bad)


def _gradient_at_call(call):
    """Infinite gradient of a finite loss: of the root of 0."""
    return lambda loss, model, _: loss + (model.calls == call) * (loss * 0).sqrt()


def test_term_and_sample_are_named_and_the_weights_stay(make_runner, estimator):
    model = _estimator(estimator, _at_sample(1))
    before = model.layer.weight.clone()
    with pytest.raises(FloatingPointError) as caught:
        make_runner(hooks=[HOOK], model=model).train()
    message = str(caught.value)
    assert message.startswith('iteration 1: the loss is not finite. Not finite: loss_far of sample')
    assert model.layer.weight.equal(before)


def test_a_skipped_step_changes_nothing_and_is_not_logged(make_runner, estimator):
    model = _estimator(estimator, _at_sample(0))
    runner = make_runner(hooks=[SKIP], model=model)
    runner.train()
    history = runner.message_hub.get_scalar('train/loss').data[0]
    assert torch.isfinite(torch.tensor(history)).all()
    assert len(runner.message_hub.get_scalar('train/loss_near').data[0]) == 2
    assert runner.optim_wrapper.inner_count == 2


def test_an_infinite_gradient_of_a_finite_loss_is_kept_away(make_runner, estimator):
    model = _estimator(estimator, _gradient_at_call(1))
    before = model.layer.weight.clone()
    with pytest.raises(FloatingPointError, match='the gradient is not finite. Every sample alone'):
        make_runner(hooks=[HOOK], model=model).train()
    assert model.layer.weight.equal(before)
    model = _estimator(estimator, _gradient_at_call(1))
    make_runner(hooks=[SKIP], model=model).train()
    assert torch.isfinite(model.layer.weight).all()
    assert not model.layer.weight.equal(before)


def test_too_many_skipped_steps_in_a_row_stop_the_run(make_runner, estimator):
    model = _estimator(estimator, lambda loss, *_: loss * torch.nan)
    runner = make_runner(
        hooks=[{**SKIP, 'max_skipped': 3}],
        model=model,
        train_cfg={'by_epoch': False, 'max_iters': 9, 'val_interval': 99},
    )
    with pytest.raises(FloatingPointError, match='iteration 3: .* steps in a row: 2'):
        runner.train()


def test_steps_count_as_skipped_in_a_row_whatever_is_accumulated(make_runner, estimator):
    model = _estimator(estimator, lambda loss, *_: loss + (loss * 0).sqrt())
    runner = make_runner(
        hooks=[{**SKIP, 'max_skipped': 3}],
        model=model,
        train_cfg={'by_epoch': False, 'max_iters': 9, 'val_interval': 99},
        optim_wrapper={'optimizer': {'type': 'SGD', 'lr': 0.1}, 'accumulative_counts': 2},
    )
    with pytest.raises(FloatingPointError, match='iteration 6: .* steps in a row: 2'):
        runner.train()


def _half(fused, clip, **options):
    return {
        'type': 'MeshOptimWrapper',
        'optimizer': {'type': 'SGD', 'lr': 1e-3, 'fused': fused},
        'dtype': 'float16',
        'clip_grad': {'max_norm': 10.0} if clip else None,
        **options,
    }


@pytest.mark.parametrize('fused', [True, False])
@pytest.mark.parametrize('clip', [True, False])
@pytest.mark.parametrize('hook', [HOOK, SKIP])
def test_an_overflow_of_the_loss_scale_is_left_to_the_scaler(
    make_runner, estimator, fused, clip, hook
):
    model = _estimator(estimator, lambda loss, *_: loss)
    before = model.layer.weight.clone()
    runner = make_runner(
        hooks=[hook],
        model=model,
        optim_wrapper=_half(fused, clip, loss_scale={'init_scale': 2.0**40}),
        train_cfg={'by_epoch': False, 'max_iters': 30, 'val_interval': 99},
    )
    runner.train()
    assert runner.optim_wrapper.loss_scaler.get_scale() < 2.0**30
    assert torch.isfinite(model.layer.weight).all()
    assert not model.layer.weight.equal(before)


@pytest.mark.parametrize('fused', [True, False])
def test_a_gradient_that_no_loss_scale_helps_is_reported(make_runner, estimator, fused):
    options = {'train_cfg': {'by_epoch': False, 'max_iters': 60, 'val_interval': 99}}
    for hook, iteration, skipped in ((HOOK, 31, 0), ({**SKIP, 'max_skipped': 3}, 33, 2)):
        model = _estimator(estimator, lambda loss, *_: loss + (loss * 0).sqrt())
        before = model.layer.weight.clone()
        runner = make_runner(
            hooks=[hook], model=model, optim_wrapper=_half(fused, clip=True), **options
        )
        message = (
            f'iteration {iteration}: the gradient, even with the loss scale at .*e-0., is not '
            f'finite. .* steps in a row: {skipped}'
        )
        with pytest.raises(FloatingPointError, match=message):
            runner.train()
        assert model.layer.weight.equal(before)


def test_statistics_are_put_back_before_the_samples_are_looked_at(make_runner, estimator):
    class Normalized(estimator):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(3)

        def forward(self, inputs, data_samples, mode='tensor'):
            colours = torch.stack([crop.float().mean((1, 2)) for crop in inputs])
            output = self.layer(self.norm(colours.where(colours != 1, torch.nan)))
            return {'loss_all': output.square().mean()} if mode == 'loss' else data_samples

    model = Normalized()
    with pytest.raises(FloatingPointError, match=r'Not finite: loss_all of sample 1 \('):
        make_runner(hooks=[HOOK], model=model).train()
    model = Normalized()
    make_runner(hooks=[SKIP], model=model).train()
    assert model.norm.num_batches_tracked == 1
    # Momentum 0.1 towards the mean of the second batch, which is 2.5.
    torch.testing.assert_close(model.norm.running_mean, torch.full((3,), 0.25))


def test_the_mode_of_the_model_is_put_back(make_runner, estimator):
    model = _estimator(estimator, _at_sample(1))
    model.part = nn.Dropout()
    with pytest.raises(FloatingPointError):
        make_runner(hooks=[HOOK], model=model).train()
    assert model.part.training


def test_unknown_actions_are_refused():
    with pytest.raises(ValueError, match=r"action \('stop', 'skip'\), got 'ignore'"):
        HOOKS.build({**HOOK, 'action': 'ignore'})
