"""Checkpoints that survive a crash, a full disk and a look at the test set."""

import shutil
from pathlib import Path
from typing import Any, Literal

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from dpmesh_plugin.engine.pending_gradients import (
    between_steps,
    gradients_of,
    restore_gradients,
    share_gradients,
)
from dpmesh_plugin.engine.selection import (
    SELECTION_KEY,
    best_record,
    check_unseen,
    schedule_record,
)
from dpmesh_plugin.registry import HOOKS
from dpmesh_plugin.utils.choices import check_choice
from dpmesh_plugin.utils.distributed import any_process
from dpmesh_plugin.utils.io import atomic_write, remove_path, replace_durably

OnError = Literal['stop', 'continue']

_GRADIENTS = 'gradients'
_PARTIAL = '.partial'
_POINTER = 'last_checkpoint'
_MEGABYTE = 1e6


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, with the order of steps that loses nothing.

    A checkpoint is written under a hidden name, flushed to the storage and renamed; then
    ``last_checkpoint`` is made to name it, in the same way; then older ones are removed. Whenever
    the process dies, ``last_checkpoint`` names a whole checkpoint. (mmengine removes first and
    writes in place.) Every checkpoint says in its ``meta`` by which rule it was chosen. Between two
    steps of the optimizer it holds the gradients that were collected for the next one.

    Args:
        interval: Epochs or iterations between checkpoints; -1: none.
        by_epoch: What ``interval`` counts.
        max_keep_ckpts: Keep so many of them; -1: all.
        save_last: Whether the end of the training has a checkpoint in any case.
        save_best: Keep the best by this metric of the validation, or by each of several.
        rule: ``'less'`` or ``'greater'`` is better; ``'less'`` suits all errors.
        out_dir: Local folder in which the run gets one of its own; its work folder by default.
        on_error: What follows when a checkpoint cannot be written, for example because the disk
            is full: ``'stop'``, or ``'continue'`` without it and try again at the next one. Where
            the training ends there is no next one: it ends with the error.

    Raises:
        ValueError: unknown ``on_error``; ``out_dir`` is not local; ``save_best`` would look at
            images of the test set.
        KeyError: the validation has no such metric.
        OSError: a checkpoint could not be written, and ``on_error`` is ``'stop'``, or it is one of
            the end of the training.
    """

    def __init__(
        self,
        *,
        interval: int = 1,
        by_epoch: bool = True,
        max_keep_ckpts: int = -1,
        save_last: bool = True,
        save_best: str | list[str] | None = None,
        rule: str | list[str] = 'less',
        out_dir: str | None = None,
        on_error: OnError = 'stop',
    ) -> None:
        check_choice('on_error', on_error, OnError)
        if out_dir is not None and '://' in out_dir:
            raise ValueError(
                f'out_dir must be a local folder, where files can be renamed: {out_dir}'
            )
        super().__init__(
            interval=interval,
            by_epoch=by_epoch,
            max_keep_ckpts=max_keep_ckpts,
            save_last=save_last,
            save_best=save_best,
            rule=rule,
            out_dir=out_dir,
        )
        self.on_error = on_error
        self._meta: dict[str, Any] = {}

    def before_train(self, runner: Runner) -> None:
        """Check the plan, and clear away what a killed run was writing."""
        if self.save_best and runner._val_loop is not None:
            test = runner.cfg.get('test_dataloader') or {}
            check_unseen(runner.val_dataloader.dataset, test.get('dataset'))
        super().before_train(runner)
        self.last_ckpt = runner.message_hub.get_info('last_ckpt', None)
        if is_main_process():
            for pattern in (f'.*{_PARTIAL}', f'.{_POINTER}-*'):
                for leftover in Path(self.out_dir).glob(pattern):
                    remove_path(leftover)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Write position and choice down; runners differ in how they count after a validation."""
        checkpoint['meta'].update(self._meta)
        if 'optimizer' in checkpoint and between_steps(runner.optim_wrapper):
            checkpoint[_GRADIENTS] = gradients_of(runner.optim_wrapper)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Go on with the gradients that were collected."""
        if runner._resume and _GRADIENTS in checkpoint:
            restore_gradients(runner.optim_wrapper, checkpoint[_GRADIENTS])
            runner.logger.info(
                'the checkpoint lies between two steps of the optimizer, and holds the gradients '
                'that were collected: none are lost, whatever mmengine warns of'
            )

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        """Write the checkpoint of a step, then remove those it makes superfluous."""
        name = self.filename_tmpl.format(step)
        hub = runner.message_hub
        kept = [other for other in hub.get_info('keep_ckpt_ids', []) if other != step] + [step]
        outdated = kept[: -self.max_keep_ckpts] if self.max_keep_ckpts > 0 else []
        before = {'last_ckpt': self.last_ckpt, 'keep_ckpt_ids': hub.get_info('keep_ckpt_ids', [])}
        hub.update_info('last_ckpt', str(Path(self.out_dir) / name))
        hub.update_info('keep_ckpt_ids', kept[len(outdated) :])
        selection = schedule_record(meta, last=meta['iter'] == runner.max_iters)
        if not self._write(runner, name, meta | {SELECTION_KEY: selection}, resumable=True):
            for key, value in before.items():
                hub.update_info(key, value)
            return
        self.last_ckpt = hub.get_info('last_ckpt')
        if is_main_process():
            for other in outdated:
                remove_path(Path(self.out_dir) / self.filename_tmpl.format(other))

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, float]) -> None:
        """Write what is better than before by any metric; then the state that knows of it."""
        if not self.save_best:
            return
        if 'auto' in self.key_indicators:
            self._init_rule(self.rules, [next(iter(metrics))])
        rules = dict(zip(self.key_indicators, self.rules, strict=True))
        improved = [
            self._save_if_better(runner, metrics, metric, rule) for metric, rule in rules.items()
        ]
        if any(improved) and self.last_ckpt is not None:
            self._save_checkpoint_with_step(runner, self._now(runner), _counts(runner))

    def _save_if_better(
        self, runner: Runner, metrics: dict[str, float], metric: str, rule: str
    ) -> bool:
        if metric not in metrics:
            raise KeyError(f'save_best is {metric!r}; the validation gives: {", ".join(metrics)}')
        hub, score = runner.message_hub, metrics[metric]
        suffix = '' if len(self.key_indicators) == 1 else f'_{metric}'
        best = hub.get_info(f'best_score{suffix}', self.init_value_map[rule])
        if not self.is_better_than[metric](score, best):
            return False
        name = f'best_{metric}_{self.filename_tmpl.format(self._now(runner))}'.replace('/', '_')
        meta = _counts(runner)
        meta[SELECTION_KEY] = best_record(
            meta,
            metric=metric,
            direction=rule,
            score=float(score),
            metainfo=getattr(runner.val_dataloader.dataset, 'metainfo', {}),
        )
        if not self._write(runner, name, meta, resumable=False):
            return False
        before = hub.get_info(f'best_ckpt{suffix}', None)
        path = str(Path(self.out_dir) / name)
        hub.update_info(f'best_score{suffix}', score)
        hub.update_info(f'best_ckpt{suffix}', path)
        if before not in (None, path) and is_main_process() and self._owns(Path(before)):
            remove_path(Path(before))
        runner.logger.info(f'{path}: the best so far, {metric} {score:.4f}')
        return True

    def _owns(self, path: Path) -> bool:
        """Whether a checkpoint is of this run, not of one in another folder it was resumed from."""
        return path.resolve().parent == Path(self.out_dir).resolve()

    def _now(self, runner: Runner) -> int:
        return runner.epoch if self.by_epoch else runner.iter

    def _write(self, runner: Runner, name: str, meta: dict[str, Any], *, resumable: bool) -> bool:
        """Write one checkpoint, whole or not at all, and say whether all processes could."""
        partial = Path(self.out_dir) / f'.{name}{_PARTIAL}'
        self._meta, error = meta, None
        if resumable and between_steps(runner.optim_wrapper):
            share_gradients(runner.optim_wrapper)
        try:
            runner.save_checkpoint(
                self.out_dir,
                partial.name,
                save_optimizer=resumable,
                save_param_scheduler=resumable,
                meta=dict(meta),
                by_epoch=self.by_epoch,
            )
            if is_main_process():
                replace_durably(partial, partial.with_name(name))
                if resumable:
                    with atomic_write(Path(runner.work_dir) / _POINTER, durable=True) as pointer:
                        pointer.write_text(str(partial.with_name(name)))
        except OSError as caught:
            error = caught
        finally:
            self._meta = {}
        if not any_process(error is not None):
            return True
        if is_main_process():
            remove_path(partial)
        last = meta['iter'] == runner.max_iters
        self._report(runner, partial.with_name(name), error, last=last)
        return False

    def _report(self, runner: Runner, path: Path, error: OSError | None, *, last: bool) -> None:
        free = shutil.disk_usage(self.out_dir).free / _MEGABYTE
        message = (
            f'could not write the checkpoint {path}: {error or "see the log of another process"} '
            f'({free:.0f} MB are free there). The latest whole one is {self.last_ckpt}'
        )
        if self.on_error == 'continue' and not last:
            runner.logger.error(f'{message}. The training goes on')
            return
        message += '. Make room, then go on with --resume'
        if not last:
            message += (
                '; or let such a run go on without the checkpoint: '
                "default_hooks.checkpoint.on_error='continue'"
            )
        raise OSError(message) from error


def _counts(runner: Runner) -> dict[str, int]:
    """Epochs and iterations that are done, as they are counted between two iterations."""
    return {'epoch': runner.epoch, 'iter': runner.iter}
