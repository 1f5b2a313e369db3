"""Refuse a checkpoint that does not fit the model."""

import logging
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner, find_latest_checkpoint

from dpmesh_plugin.engine.checkpoint import check_keys
from dpmesh_plugin.registry import HOOKS
from dpmesh_plugin.utils.checkpoint_file import read_checkpoint, state_dict_of


def checkpoint_of(runner: Runner) -> str | None:
    """The checkpoint a run loads or resumes from; None if it starts from initial weights."""
    if runner._resume and runner._load_from is None:
        return find_latest_checkpoint(runner.work_dir)
    return runner._load_from


@HOOKS.register_module()
class StrictLoadHook(Hook):
    """Compare the keys and shapes of a checkpoint with the model before the weights are used.

    The runner itself only warns, so a checkpoint without one matching key would still be tested and
    a number printed. A local file is checked before the run starts, whatever else is loaded (a URL,
    a call of ``runner.load_checkpoint``) after reading. The folders that DeepSpeed writes are its
    own to check.

    Args:
        strict: Whether any difference is an error. If not, the differences are logged, what fits is
            loaded, and only a checkpoint without a single matching key is refused.

    Raises:
        FileNotFoundError: the checkpoint does not exist.
        ValueError: the checkpoint cannot be read safely or does not fit.
    """

    priority = 'VERY_HIGH'

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict

    def before_run(self, runner: Runner) -> None:
        """Check the file that the runner is going to load, if it is a local one."""
        path = checkpoint_of(runner)
        if path is not None and '://' not in path and not Path(path).is_dir():
            checkpoint = read_checkpoint(path, map_location='meta')
            check_keys(runner.model, state_dict_of(checkpoint), str(path), strict=self.strict)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Check what the runner has read and is about to copy into the model."""
        comparison = check_keys(
            runner.model, state_dict_of(checkpoint), 'the checkpoint', strict=self.strict
        )
        if not comparison.agrees:
            message = f'loading with strict=False:\n  {comparison.describe()}'
            print_log(message, 'current', level=logging.WARNING)
