"""Pictures of predictions while testing or validating."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from dpmesh_plugin.registry import HOOKS
from dpmesh_plugin.structures import MeshDataSample


@HOOKS.register_module()
class MeshVisualizationHook(Hook):
    """Draw every ``interval``-th sample with the runner's visualizer.

    Args:
        out_dir: Folder for the pictures, named by sample; without it they go to the backends of the
            visualizer.
        show: Whether to open every picture in a window.
        interval: Draw every ``interval``-th sample of this process.
        max_samples: Draw at most so many in one evaluation; no limit by default.

    Raises:
        ValueError: ``interval`` is not positive, or the batches have no crops to draw on.
    """

    def __init__(
        self,
        *,
        out_dir: str | None = None,
        show: bool = False,
        interval: int = 1,
        max_samples: int | None = None,
    ) -> None:
        if interval < 1:
            raise ValueError(f'interval is a positive number of samples, got {interval}')
        self.out_dir = out_dir
        self.show = show
        self.interval = interval
        self.max_samples = max_samples
        self._num_seen = 0
        self._num_drawn = 0

    def before_val_epoch(self, runner: Runner) -> None:
        """Start counting."""
        self._num_seen = self._num_drawn = 0

    def before_test_epoch(self, runner: Runner) -> None:
        """Start counting."""
        self._num_seen = self._num_drawn = 0

    def before_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Mapping[str, Any]
    ) -> None:
        """Refuse batches without crops before the model sees one."""
        _check_crops(data_batch)

    def before_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Mapping[str, Any]
    ) -> None:
        """Refuse batches without crops before the model sees one."""
        _check_crops(data_batch)

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Mapping[str, Any],
        outputs: Sequence[MeshDataSample],
    ) -> None:
        """Draw the samples of a validation batch."""
        self._draw(runner, data_batch, outputs, stage='val')

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Mapping[str, Any],
        outputs: Sequence[MeshDataSample],
    ) -> None:
        """Draw the samples of a test batch."""
        self._draw(runner, data_batch, outputs, stage='test')

    def _draw(
        self,
        runner: Runner,
        data_batch: Mapping[str, Any],
        outputs: Sequence[MeshDataSample],
        stage: str,
    ) -> None:
        for crop, sample in zip(data_batch['inputs'], outputs, strict=True):
            due = self._num_seen % self.interval == 0
            self._num_seen += 1
            if not due or self._num_drawn == self.max_samples:
                continue
            self._num_drawn += 1
            name = f'{stage}_{sample.sample_idx}'
            runner.visualizer.add_datasample(
                name,
                # Crops that were not rounded are float32 in 0..255.
                crop.permute(1, 2, 0).float().round().clamp(0, 255).byte().cpu().numpy(),
                sample,
                show=self.show,
                out_file=str(Path(self.out_dir) / f'{name}.jpg') if self.out_dir else None,
                # `runner.iter` would build the training data, which a test need not have.
                step=runner.message_hub.get_info('iter', 0),
            )


def _check_crops(data_batch: Mapping[str, Any]) -> None:
    if 'inputs' not in data_batch:
        raise ValueError(
            'predictions are drawn on crops, and this pipeline packs none: its batches hold '
            f'{", ".join(data_batch)}. Leave out --show-dir and --show (MeshVisualizationHook), '
            'or, for a model that predicts meshes, test with a pipeline that has LoadMeshImage, '
            'TopdownAffine and PackMeshInputs(image=True)'
        )
