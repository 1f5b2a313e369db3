"""Joint and vertex errors of predicted meshes."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from torch import nn

from dpmesh_plugin.body_models import check_annotated_body
from dpmesh_plugin.registry import BODY_MODELS, METRICS
from dpmesh_plugin.structures import Visibility
from dpmesh_plugin.utils.io import dump_json

from .collection import padded_size, unique_samples
from .protocol import benchmark_title, versions, weights_under_test
from .sample_errors import MeshComparison

# All skipped samples are in the result file; the log names the first.
_LOGGED_SKIPS = 5
_HIDDEN = [v for v in Visibility if v not in (Visibility.VISIBLE, Visibility.UNKNOWN)]


@METRICS.register_module()
class MeshMetric(BaseMetric):
    """MPJPE, PA-MPJPE and MPVPE in millimetres, each a mean over samples.

    Joints are regressed from both meshes and centred on ``root``; PA-MPJPE then aligns by a
    similarity transform; MPVPE centres each mesh on its SMPL pelvis and does not align. The true
    mesh comes from the gendered body model. Where samples carry the visibility of their joints,
    ``MPJPE-visible`` and ``MPJPE-hidden`` are means over the samples that have such joints, of the
    mean over these joints; joints of unknown visibility are in neither.

    The means are exact under any number of processes: a sample that a distributed sampler repeats
    counts once, by ``sample_idx``. Samples that the pipeline skipped (their image could not be read
    and the config says to go on) are counted and named in the result, never averaged.

    Of the data set's meta information the metric reads ``dataset_name``, and where they are given
    ``subset``, ``keypoint_source`` and ``body_model_id``.

    Args:
        body_model: Body model, or its config. Its ``model_id`` must be that of the annotations.
        joint_set: Keypoint set of the joint errors; the body model has a regressor for it.
        root: Joint that both sides are centred on.
        visibility_set: Keypoint set of ``gt_instances.visibility``.
        out_file: JSON file for the result and its protocol; none is written by default.
        collect_device: ``'cpu'`` or ``'gpu'``: how results travel between processes.
        collect_dir: Folder for that, on ``'cpu'``.
        prefix: Put before every name of the result, with a slash.

    Raises:
        KeyError: unknown keypoint set or root.
        ValueError: the data set was annotated with another body model.
    """

    default_prefix = ''

    def __init__(
        self,
        *,
        body_model: nn.Module | dict,
        joint_set: str = 'h36m_14',
        root: str = 'pelvis',
        visibility_set: str = 'dpmesh_30',
        out_file: str | None = None,
        collect_device: str = 'cpu',
        collect_dir: str | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        built = BODY_MODELS.build(body_model) if isinstance(body_model, dict) else body_model
        self.body_model = built
        self.joint_set = joint_set
        self.root = root
        self.out_file = out_file
        self._compare = MeshComparison(
            body_model=built, joint_set=joint_set, root=root, visibility_set=visibility_set
        )
        self._num_expected = 0

    @BaseMetric.dataset_meta.setter
    def dataset_meta(self, dataset_meta: Mapping[str, Any] | None) -> None:
        """Set the meta information of the data set; raise if its body model is another one."""
        annotated = (dataset_meta or {}).get('body_model_id')
        check_annotated_body(annotated, self.body_model.model_id, 'the data set')
        self._dataset_meta = dataset_meta

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the errors of every sample.

        Args:
            data_batch: Not used.
            data_samples: Dicts with ``sample_idx``, ``gender``, ``gt_instances`` (``global_orient``
                (1, 3), ``body_pose`` (1, 23, 3), ``betas`` (1, 10), optionally ``visibility``
                (1, 30)) and ``pred_instances`` (``vertices`` (1, V, 3), m, camera axes); or with
                ``sample_idx`` and ``skipped``, the reason.
        """
        measurable = [sample for sample in data_samples if 'skipped' not in sample]
        for sample in data_samples:
            if 'skipped' in sample:
                facts = {name: sample[name] for name in ('sample_idx', 'skipped')}
                self.results.append(facts)
        if measurable:
            self.results += [vars(errors) for errors in self._compare(measurable)]

    def evaluate(self, size: int) -> dict[str, float]:
        """Collect all processes and compute.

        Args:
            size: Number of samples in the data set.
        """
        self._num_expected = size
        return super().evaluate(padded_size(size))

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Average over samples, log a table and write the result file.

        Raises:
            ValueError: there is no sample, or different samples have the same ``sample_idx``.
        """
        collected = unique_samples(results)
        samples = [sample for sample in collected if 'skipped' not in sample]
        skipped = {str(s['sample_idx']): s['skipped'] for s in collected if 'skipped' in s}
        if not samples:
            raise ValueError(
                f'all {len(skipped)} samples were skipped, the first because of: '
                f'{next(iter(skipped.values()))}'
            )
        metrics = average_errors(samples)
        counts = {
            'expected': self._num_expected,
            'evaluated': len(samples),
            'skipped': self._num_expected - len(samples),
            'diverged': sum(bool(np.isnan(sample['vertices'])) for sample in samples),
        }
        self._report(metrics, self._protocol(counts, skipped))
        return metrics

    def _protocol(self, counts: dict[str, int], skipped: dict[str, str]) -> dict[str, Any]:
        meta = {'dataset_name': 'unnamed data set', **(self.dataset_meta or {})}
        return {
            'dataset': benchmark_title(meta, self.body_model.model_id),
            'subset': meta.get('subset'),
            'samples': counts,
            'skipped_samples': skipped,
            'joint_set': self.joint_set,
            'root': self.root,
            'body_model': self.body_model.model_id,
            'keypoint_source': meta.get('keypoint_source'),
            **weights_under_test(),
            'versions': versions(),
        }

    def _report(self, metrics: dict[str, float], protocol: dict[str, Any]) -> None:
        """Log the result as a table; write it if a file was asked for."""
        samples = protocol['samples']
        width = max(len(name) for name in metrics)
        rows = [f'  {name:<{width}}  {value:8.2f} mm' for name, value in metrics.items()]
        head = f'{protocol["dataset"]}: {samples["evaluated"]} of {samples["expected"]} samples'
        print_log('\n'.join([head, *rows]), 'current')
        for index, reason in list(protocol['skipped_samples'].items())[:_LOGGED_SKIPS]:
            print_log(f'skipped sample {index}: {reason}', 'current', level=logging.WARNING)
        if samples['diverged']:
            print_log(
                f'{samples["diverged"]} predictions are not finite, so the means are not either',
                'current',
                level=logging.WARNING,
            )
        if self.out_file is not None:
            finite = {name: v if np.isfinite(v) else None for name, v in metrics.items()}
            dump_json({'unit': 'mm', 'metrics': finite, 'protocol': protocol}, self.out_file)


def average_errors(samples: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Means over samples, mm.

    Args:
        samples: Fields of :class:`~.sample_errors.SampleErrors`.

    Returns:
        ``MPJPE``, ``PA-MPJPE``, ``MPVPE``; ``MPJPE-visible`` and ``MPJPE-hidden`` where there are
        such joints.
    """
    errors = np.stack([sample['joints'] for sample in samples])
    metrics = {
        'MPJPE': errors.mean(),
        'PA-MPJPE': np.mean([sample['aligned_joints'] for sample in samples]),
        'MPVPE': np.mean([sample['vertices'] for sample in samples]),
    }
    codes = np.stack([sample['visibility'] for sample in samples])
    for name, kinds in (('visible', [Visibility.VISIBLE]), ('hidden', _HIDDEN)):
        mask = np.isin(codes, kinds)
        counts = mask.sum(axis=1)
        if counts.any():
            totals = np.where(mask, errors, 0).sum(axis=1)[counts > 0]
            metrics[f'MPJPE-{name}'] = (totals / counts[counts > 0]).mean()
    return {name: float(value) for name, value in metrics.items()}
