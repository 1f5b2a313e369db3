"""Predictions of every sample in one file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from dpmesh_plugin.registry import METRICS
from dpmesh_plugin.structures import SMPL_FIELDS
from dpmesh_plugin.utils.io import atomic_write

from .collection import padded_size, unique_samples
from .protocol import weights_under_test

# What rebuilds a mesh and places it, and the joints; vertices would be 80 kB a sample.
_FIELDS = (*SMPL_FIELDS, 'transl', 'transl_full', 'joints', 'keypoints_2d')


@METRICS.register_module()
class DumpPredictions(BaseMetric):
    """Write the predicted parameters and joints of every sample to an npz file, without pickle.

    The file holds, ordered by ``sample_idx``: ``sample_idx`` (N,), ``img_path`` (N,), of
    ``pred_instances`` the fields ``global_orient`` (N, 3), ``body_pose`` (N, 23, 3), ``betas``
    (N, 10), ``transl`` (N, 3), ``transl_full`` (N, 3), ``joints`` (N, K, 3) and ``keypoints_2d``
    (N, K, 2), without samples whose image was skipped; units and frames as in
    :class:`~dpmesh_plugin.structures.mesh_data_sample.MeshDataSample`; and ``checkpoint``, empty
    where it is not known. Of a model that predicts joints alone it has the ``joints``, as the model
    gives them, and nothing else of ``pred_instances``.

    Args:
        out_file: Path of the file, ending in ``.npz``.
        collect_device: ``'cpu'`` or ``'gpu'``: how results travel between processes.
        collect_dir: Folder for that, on ``'cpu'``.

    Raises:
        ValueError: ``out_file`` does not end in ``.npz``.
    """

    default_prefix = ''

    def __init__(
        self, *, out_file: str, collect_device: str = 'cpu', collect_dir: str | None = None
    ) -> None:
        super().__init__(collect_device=collect_device, collect_dir=collect_dir)
        if Path(out_file).suffix != '.npz':
            raise ValueError(f'predictions are written as .npz, got out_file {out_file!r}')
        self.out_file = out_file

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the predictions of every sample; ``data_batch`` is not used.

        Raises:
            ValueError: a prediction has none of the fields.
        """
        for sample in data_samples:
            if 'skipped' in sample:
                continue
            predicted = sample['pred_instances']
            fields = [field for field in _FIELDS if field in predicted]
            if not fields:
                raise ValueError(
                    f'sample {sample["sample_idx"]}: expected pred_instances with any of '
                    f'{", ".join(_FIELDS)}, got {", ".join(predicted) or "none"}; dump the '
                    'predictions of a model of meshes or joints'
                )
            arrays = {field: predicted[field][0].float().cpu().numpy() for field in fields}
            facts = {'sample_idx': sample['sample_idx'], 'img_path': str(sample['img_path'])}
            self.results.append({**facts, **arrays})

    def evaluate(self, size: int) -> dict[str, float]:
        """Collect all processes and write.

        Args:
            size: Number of samples in the data set.
        """
        return super().evaluate(padded_size(size))

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Write the file; there is no number to report."""
        samples = unique_samples(results)
        arrays = {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}
        arrays['checkpoint'] = np.array(weights_under_test()['checkpoint'] or '')
        with atomic_write(self.out_file) as temporary:
            np.savez_compressed(temporary, **arrays)
        return {}
