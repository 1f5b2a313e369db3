"""What happens when a loss or a gradient is not a number."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Literal

import torch
from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.optim import BaseOptimWrapper, OptimWrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from dpmesh_plugin.registry import HOOKS
from dpmesh_plugin.utils.choices import check_choice
from dpmesh_plugin.utils.distributed import any_process, unwrapped

Action = Literal['stop', 'skip']
# More samples than these are counted, not named.
_NAMED_SAMPLES = 8
# Gradients that overflow even below it, 30 halvings of the usual 2**16, are infinite themselves.
_LEAST_LOSS_SCALE = 2.0**-14


class _NonFiniteGradientError(ArithmeticError):
    """Raised inside a step of the optimizer, before it changes anything."""


@HOOKS.register_module()
class NonFiniteHook(Hook):
    """Keep a loss or a gradient that is infinite or NaN away from the weights, and say whose it is.

    All processes leave out such a step together, also if only one of them is concerned. The batch
    is then run again sample by sample, to name the terms and the samples. With gradient
    accumulation what was collected for the step is dropped. Statistics that the batch has changed,
    such as those of batch normalisation, are put back.

    Gradients of float16 that the loss scale has made infinite are the loss scaler's affair, until
    a scale below 2**-14, which 30 of them in a row lead to, has not helped.

    Args:
        action: ``'stop'``, or ``'skip'`` the step and go on.
        max_skipped: So many skipped steps in a row stop the run all the same.

    Raises:
        ValueError: unknown action.
        FloatingPointError: such a loss or gradient came up, and the run shall stop.
    """

    priority = 'HIGHEST'  # other hooks must not log a NaN into their averages

    def __init__(self, *, action: Action = 'stop', max_skipped: int = 10) -> None:
        check_choice('action', action, Action)
        self.action = action
        self.max_skipped = max_skipped
        self._trouble: str | None = None
        self._num_skipped = 0
        self._statistics: list[tuple[nn.Module, str]] = []
        self._kept: list[Tensor] = []

    def before_train(self, runner: Runner) -> None:
        """Stand between the loss and the step."""
        wrapper = runner.optim_wrapper
        vars(wrapper)['update_params'] = partial(self._update, wrapper, wrapper.update_params)
        # A loss scaler looks at the gradients itself, and has fused optimizers leave the step out.
        scaled = hasattr(wrapper, 'loss_scaler') and wrapper.loss_scaler.is_enabled()
        if not scaled and isinstance(wrapper.optimizer, torch.optim.Optimizer):
            wrapper.optimizer.register_step_pre_hook(_check_gradients)
        self._statistics = list(_statistics_of(runner.model))

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Mapping[str, Any]
    ) -> None:
        """Keep what the forward pass changes."""
        self._kept = [getattr(module, name).clone() for module, name in self._statistics]

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Mapping[str, Any],
        outputs: dict[str, Tensor],
    ) -> None:
        """Report a step that was left out."""
        if self._trouble is None:
            return
        self._num_skipped += 1
        for (module, name), value in zip(self._statistics, self._kept, strict=True):
            getattr(module, name).copy_(value)
        message = (
            f'iteration {runner.iter + 1}: the {self._trouble} is not finite. '
            f'{_whose(runner, data_batch)}'
        )
        self._trouble = None
        if self.action == 'stop' or self._num_skipped == self.max_skipped:
            raise FloatingPointError(
                f'{message}. The weights are those of before; skipped steps in a row: '
                f"{self._num_skipped - 1}. NonFiniteHook has action='skip' and max_skipped"
            )
        runner.logger.warning(f'{message}. The step is skipped')
        for name in [name for name, value in outputs.items() if not torch.isfinite(value).all()]:
            del outputs[name]

    def _update(
        self, wrapper: BaseOptimWrapper, update: Callable, loss: Tensor, *args: Any, **options: Any
    ) -> None:
        counts = isinstance(wrapper, OptimWrapper)  # DeepSpeed counts and clears up itself
        scale = _loss_scale(wrapper)
        if any_process(not torch.isfinite(loss)):
            self._trouble = 'loss'
            if counts:
                wrapper._inner_count += 1  # as the backward pass would
        else:
            try:
                update(loss, *args, **options)
            except _NonFiniteGradientError:
                self._trouble = 'gradient'
        lowered = _loss_scale(wrapper)
        overflow = lowered < scale or lowered == 0
        if overflow and lowered < _LEAST_LOSS_SCALE:
            self._trouble = f'gradient, even with the loss scale at {lowered:.1e},'
        if self._trouble and counts:
            wrapper.zero_grad()
        elif not self._trouble and not overflow and (not counts or wrapper.should_update()):
            self._num_skipped = 0


def _loss_scale(wrapper: BaseOptimWrapper) -> float:
    """What a step left out by the loss scaler lowers; 1 without a scaler."""
    return wrapper.loss_scaler.get_scale() if hasattr(wrapper, 'loss_scaler') else 1.0


def _statistics_of(model: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    """Owner and name of the buffers that checkpoints hold: constants are none of them."""
    for module in model.modules():
        for name, _ in module.named_buffers(recurse=False):
            if name not in module._non_persistent_buffers_set:
                yield module, name


def _check_gradients(optimizer: torch.optim.Optimizer, args: tuple, options: dict) -> None:
    gradients = [
        parameter.grad
        for group in optimizer.param_groups
        for parameter in group['params']
        if parameter.grad is not None
    ]
    if not torch.isfinite(torch.nn.utils.get_total_norm(gradients)):
        raise _NonFiniteGradientError


def _whose(runner: Runner, data_batch: Mapping[str, Any]) -> str:
    """Terms and samples of all processes, as a sentence."""
    found = all_gather_object(_trouble_by_sample(runner, data_batch))
    terms = sorted({term for process in found for _, names in process for term in names})
    guilty = [name for process in found for name, names in process if names]
    if not guilty:
        everyone = [name for process in found for name, _ in process]
        return f'Every sample alone has a finite loss; they are {_listed(everyone)}'
    return f'Not finite: {", ".join(terms)} of {_listed(guilty)}'


@torch.no_grad()
def _trouble_by_sample(
    runner: Runner, data_batch: Mapping[str, Any]
) -> list[tuple[str, list[str]]]:
    """For every sample of this process its name and the terms that are not finite.

    All processes make equally many passes, since a pass may need all of them.
    """
    model = unwrapped(runner.model)
    count = len(data_batch['data_samples'])
    model.eval()
    result = []
    for turn in range(max(all_gather_object(count))):
        index = turn % count
        batch = {name: values[index : index + 1] for name, values in data_batch.items()}
        with runner.optim_wrapper.optim_context(model):
            losses = model(**model.data_preprocessor(batch, True), mode='loss')
        values = model.parse_losses(losses)[1]
        values.pop('loss')
        terms = [name for name, value in values.items() if not torch.isfinite(value).all()]
        sample = data_batch['data_samples'][index]
        result.append((f'sample {sample.get("sample_idx")} ({sample.get("img_path")})', terms))
    model.train()
    return result[:count]


def _listed(names: list[str]) -> str:
    more = f' and {len(names) - _NAMED_SAMPLES} more' if len(names) > _NAMED_SAMPLES else ''
    return ', '.join(names[:_NAMED_SAMPLES]) + more
