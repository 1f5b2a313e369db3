"""Keep the teacher of a :class:`MeshDistiller` through a run and its interruptions."""

from collections.abc import Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.distributed.tensor import DTensor

from dpmesh_plugin.engine.checkpoint import load_weights
from dpmesh_plugin.models import MeshDistiller, MeshEstimator
from dpmesh_plugin.registry import HOOKS
from dpmesh_plugin.utils.checkpoint_file import file_sha256
from dpmesh_plugin.utils.distributed import unwrapped

ENTRY = 'teacher'


@HOOKS.register_module()
class TeacherHook(Hook):
    """Start the teacher with the training, let it follow the student, and save it.

    A checkpoint's ``state_dict`` holds the student alone. Beside it, under ``teacher``, it keeps
    the average of the student, or the SHA-256 of the teacher's own file, which is read again when
    the run is resumed. Without a :class:`MeshDistiller` the hook does nothing.

    Raises:
        FileNotFoundError: the teacher's checkpoint does not exist.
        ValueError: it does not fit, the run that is resumed had another teacher, or the weights of
            the student lie in shards.
    """

    # Before hooks that compile the model, which the teacher is copied from.
    priority = 'HIGH'

    def __init__(self) -> None:
        self._saved: Mapping[str, Any] | None = None
        self._sha256: str | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keep the teacher of the run that is resumed until training starts."""
        distiller = _distiller_of(runner)
        if distiller is None or not runner._resume:
            return
        self._saved = checkpoint.get(ENTRY)
        kind = None if self._saved is None else self._saved['type']
        if kind != type(distiller.teacher).__name__:
            raise ValueError(
                f'the run to be resumed had {kind or "no teacher"}, the config has '
                f'{type(distiller.teacher).__name__}: resume with the config that it was started '
                'with, or start a new run with load_from'
            )

    def before_train(self, runner: Runner) -> None:
        """Make the teacher of the student as it was loaded, and give it its weights."""
        distiller = _distiller_of(runner)
        if distiller is None:
            return
        if any(isinstance(each, DTensor) for each in distiller.parameters()):
            raise ValueError(
                'a teacher cannot be made of weights in shards: train a MeshDistiller without a '
                'strategy that shards them'
            )
        teacher = distiller.teacher
        teacher.start(distiller)
        if teacher.checkpoint is not None:
            self._load(teacher.checkpoint, teacher.model)
        if self._saved is not None:
            teacher.restore(self._saved['weights'])
        teacher.settle(distiller)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Let the teacher follow, where the optimiser has made a step."""
        distiller = _distiller_of(runner)
        if distiller is not None and runner.optim_wrapper.should_update():
            distiller.teacher.update(distiller)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Add the teacher."""
        distiller = _distiller_of(runner)
        if distiller is not None:
            checkpoint[ENTRY] = {
                'type': type(distiller.teacher).__name__,
                'sha256': self._sha256,
                'weights': {name: each.cpu() for name, each in distiller.teacher.weights().items()},
            }

    def _load(self, path: str, model: MeshEstimator) -> None:
        load_weights(model, path)
        self._sha256 = file_sha256(path)
        if self._saved is not None and self._saved['sha256'] != self._sha256:
            raise ValueError(
                f'the run to be resumed had a teacher with SHA-256 {self._saved["sha256"]}, but '
                f'{path} has {self._sha256}: put the former file there'
            )


def _distiller_of(runner: Runner) -> MeshDistiller | None:
    """The model, without its wrapper, if it is a distiller."""
    model = unwrapped(runner.model)
    return model if isinstance(model, MeshDistiller) else None
