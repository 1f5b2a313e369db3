"""Ways to run the same training faster."""

from collections.abc import Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from dpmesh_plugin.engine.inference import compile_regions, use_channels_last
from dpmesh_plugin.registry import HOOKS


@HOOKS.register_module()
class TrainingSpeedHook(Hook):
    """Set memory order and compilation when training starts, after weights were loaded.

    mmengine's own ``compile`` entry compiles the whole training step, with its lists of samples and
    the optimiser; this one compiles the parts of the estimator that hold the work.

    Args:
        channels_last: Whether convolutions keep the channels of a pixel together in memory.
        compile: Options of ``torch.compile`` for the parts of the estimator, possibly none
            (``dict()``). None: nothing is compiled.
    """

    # After the hooks that copy the model.
    priority = 'VERY_LOW'

    def __init__(
        self, *, channels_last: bool = False, compile: Mapping[str, Any] | None = None
    ) -> None:
        self.channels_last = channels_last
        self.compile = compile

    def before_train(self, runner: Runner) -> None:
        """Prepare the model."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        if self.channels_last:
            use_channels_last(model)
        if self.compile is not None:
            compile_regions(model, **self.compile)
