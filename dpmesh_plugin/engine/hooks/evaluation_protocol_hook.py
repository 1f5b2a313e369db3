"""Tell the metrics which weights they measure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from dpmesh_plugin.engine.selection import SELECTION_KEY
from dpmesh_plugin.evaluation import PROTOCOL_KEY
from dpmesh_plugin.registry import HOOKS
from dpmesh_plugin.utils.checkpoint_file import file_sha256

from .strict_load_hook import checkpoint_of


@HOOKS.register_module()
class EvaluationProtocolHook(Hook):
    """Put config, checkpoint, its hash and the iteration on the message hub before an evaluation.

    Metrics write them into their result file, with the rule by which the checkpoint was chosen from
    its training, if it says so. Weights that were trained in this process have no file: their
    ``checkpoint`` is None and ``iteration`` says how long they were trained.

    Raises:
        ValueError: a metric has another body model than the model it is to measure.
    """

    priority = 'HIGH'

    def __init__(self) -> None:
        self._trained_here = False
        self._selection: dict[str, Any] | None = None
        self._hashes: dict[str, str] = {}

    def after_load_checkpoint(self, runner: Runner, checkpoint: Mapping[str, Any]) -> None:
        """Remember how the checkpoint was chosen."""
        self._selection = checkpoint.get('meta', {}).get(SELECTION_KEY)

    def before_train(self, runner: Runner) -> None:
        """Remember that the weights no longer are those of a file."""
        self._trained_here = True

    def before_val(self, runner: Runner) -> None:
        """Describe the weights under validation."""
        check_body_models(runner.model, runner.val_evaluator)
        self._publish(runner)

    def before_test(self, runner: Runner) -> None:
        """Describe the weights under test."""
        check_body_models(runner.model, runner.test_evaluator)
        self._publish(runner)

    def _publish(self, runner: Runner) -> None:
        path = None if self._trained_here else checkpoint_of(runner)
        filename = runner.cfg.filename
        facts = {
            'config': Path(filename).name if filename else None,
            'checkpoint': None if path is None else str(path),
            'checkpoint_sha256': self._hash(path),
            'checkpoint_selection': None if self._trained_here else self._selection,
            'iteration': runner.iter if self._trained_here else None,
        }
        runner.message_hub.update_info(PROTOCOL_KEY, facts, resumed=False)

    def _hash(self, path: str | None) -> str | None:
        """Hash of a local file, computed once and only where the result is written."""
        if path is None or '://' in path or not is_main_process():
            return None
        if path not in self._hashes:
            self._hashes[path] = file_sha256(path)
        return self._hashes[path]


def check_body_models(model: nn.Module, evaluator: Evaluator) -> None:
    """Refuse metrics that would take the vertices of one body model for those of another.

    Args:
        model: Model whose body models carry ``model_id``.
        evaluator: Metrics, those of meshes with a ``body_model``.

    Raises:
        ValueError: the ids differ; the message names both.
    """
    predicted = {part.model_id for part in model.modules() if hasattr(part, 'model_id')}
    for metric in evaluator.metrics:
        body_model = getattr(metric, 'body_model', None)
        if predicted and body_model is not None and body_model.model_id not in predicted:
            raise ValueError(
                f'the model predicts bodies of {", ".join(sorted(predicted))}, '
                f'{type(metric).__name__} has {body_model.model_id}: same array shapes, different '
                'bodies. Give both the same body_model in the config'
            )
