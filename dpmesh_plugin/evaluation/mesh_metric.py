"""Joint and vertex errors of predicted meshes."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_world_size
from mmengine.evaluator import BaseMetric
from torch import nn

from dpmesh_plugin.body_models import check_annotated_body
from dpmesh_plugin.registry import BODY_MODELS, METRICS
from dpmesh_plugin.utils.io import dump_json

from .collection import join_columns, unique_rows
from .definitions import DEFAULT_METRICS, chosen_metrics, define
from .joint_regression import NO_ROOT, JointSpec
from .protocol import FRAME, data_facts, sample_facts, versions, weights_under_test
from .result_log import log_result
from .sample_batch import Needs, SampleBuffer, read_batch
from .sample_errors import Columns, MeshComparison
from .summary import OCCLUSION_BINS, sample_values, summarize

# Samples of a gender measured together: large matrix products are fast, and this many meshes are
# 20 MB.
_MEASURED_AT_ONCE = 256


@METRICS.register_module()
class MeshMetric(BaseMetric):
    """Errors of predicted meshes: docs/metrics.md defines each.

    Joints are regressed from both meshes and centred on ``root``; PA-MPJPE then aligns by a
    similarity transform; MPVPE centres each mesh on its SMPL pelvis and does not align. The true
    mesh comes from the gendered body model. Where samples carry the visibility of their joints,
    ``MPJPE-visible`` and ``MPJPE-hidden`` are means over the samples that have such joints, of the
    mean over these joints; joints of unknown visibility are in neither. The result file has means
    per joint, by cause of invisibility and by degree of occlusion as well.

    The means are exact under any number of processes: a sample that a distributed sampler repeats
    counts once, by ``sample_idx``. Samples that the pipeline skipped (their image could not be read
    and the config says to go on) are counted and named in the result, never averaged. A prediction
    that is not finite is named, and makes the means it belongs to NaN (null in the file).

    Of the data set's meta information the metric reads ``dataset_name``, and where they are given
    ``subset``, ``keypoint_source`` and ``body_model_id``. The last three arguments are mmengine's.

    Args:
        body_model: Body model, or its config. Its ``model_id`` must be that of the annotations.
        joint_set: Keypoint set of the joint errors, or several; the body model has regressors for
            them. Values of the first bear plain names (``MPJPE``), those of the others stand behind
            their set (``smpl_24/MPJPE``).
        root: Joint that both sides are centred on; ``'mean_of_hips'``; or ``'none'`` for positions
            in camera axes, which need the translations of both.
        metrics: Which to compute, out of :data:`~.definitions.METRIC_CHOICES`. ``ACCEL`` needs
            ``sequence``, ``track_id`` and ``frame_idx`` of the samples, ``2DPCK`` translations and
            the camera.
        occlusion_bins: Ascending edges of the bins that persons are sorted into by ``occlusion``.
        visibility_set: Keypoint set of ``gt_instances.visibility``.
        out_file: JSON file for the result and its protocol; none is written by default.
        collect_device: ``'cpu'`` or ``'gpu'``: how results travel between processes.
        collect_dir: Folder for that, on ``'cpu'``.
        prefix: Put before every name of the result, with a slash.

    Raises:
        KeyError: unknown keypoint set, root or metric.
        ValueError: the data set was annotated with another body model, bins do not ascend, or there
            is no joint set.
    """

    default_prefix = ''

    def __init__(
        self,
        *,
        body_model: nn.Module | dict,
        joint_set: str | Sequence[str] = 'h36m_14',
        root: str = 'pelvis',
        metrics: Sequence[str] = DEFAULT_METRICS,
        occlusion_bins: Sequence[float] = OCCLUSION_BINS,
        visibility_set: str = 'dpmesh_30',
        out_file: str | None = None,
        collect_device: str = 'cpu',
        collect_dir: str | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.body_model = BODY_MODELS.build_part(body_model)
        sets = [joint_set] if isinstance(joint_set, str) else joint_set
        self.joint_sets = tuple(dict.fromkeys(sets))
        self.root = root
        self.metrics = chosen_metrics([metrics] if isinstance(metrics, str) else metrics)
        self.occlusion_bins = tuple(occlusion_bins)
        if not self.joint_sets:
            raise ValueError('expected at least one joint_set, got none')
        if len(self.occlusion_bins) < 2 or any(a >= b for a, b in pairwise(self.occlusion_bins)):
            raise ValueError(f'expected ascending occlusion_bins, got {list(occlusion_bins)}')
        self.out_file = out_file
        self._specs = [JointSpec(name, root) for name in self.joint_sets]
        self._in_image = any(metric.startswith('2DPCK') for metric in self.metrics)
        self._in_time = 'ACCEL' in self.metrics
        self._needs = self._choose_needs(visibility_set)
        self._compare = self._build_comparison(visibility_set)
        self._buffers: dict[str, SampleBuffer] = {}
        self._num_seen = 0
        self._skipped: dict[Any, str] = {}
        self._num_expected = 0

    def _choose_needs(self, visibility_set: str) -> Needs:
        """What is read of samples."""
        return Needs(
            visibility_set,
            translation=self.root == NO_ROOT,
            camera=self._in_image,
            order=self._in_time,
        )

    def _build_comparison(self, visibility_set: str) -> MeshComparison:
        """What measures them."""
        return MeshComparison(
            body_model=self.body_model,
            specs=self._specs,
            visibility_set=visibility_set,
            vertices='MPVPE' in self.metrics,
            aligned_vertices='PA-MPVPE' in self.metrics,
            image=self._in_image,
            positions=self._in_time,
        )

    @BaseMetric.dataset_meta.setter
    def dataset_meta(self, dataset_meta: Mapping[str, Any] | None) -> None:
        """Set the meta information of the data set; raise if its body model is another one."""
        annotated = (dataset_meta or {}).get('body_model_id')
        check_annotated_body(annotated, self.body_model.model_id, 'the data set')
        self._dataset_meta = dataset_meta

    @torch.no_grad()
    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Take what is measured of every sample; measure when there is enough.

        Args:
            data_batch: Not used.
            data_samples: Dicts with ``sample_idx``, ``gender``, ``gt_instances`` (``global_orient``
                (1, 3), ``body_pose`` (1, 23, 3), ``betas`` (1, 10), optionally ``visibility``
                (1, 30)), ``pred_instances`` (``vertices`` (1, V, 3), m, camera axes), optionally
                ``occlusion``; or with ``sample_idx`` and ``skipped``, the reason. Positions in
                camera axes need ``transl`` (1, 3) in ``gt_instances``, ``pelvis`` and
                ``transl_full`` (1, 3) in ``pred_instances``.

        Raises:
            KeyError: a sample lacks something.
            ValueError: vertices of another body model, or an annotation that is not finite.
        """
        self._skipped |= {s['sample_idx']: s['skipped'] for s in data_samples if 'skipped' in s}
        measurable = [sample for sample in data_samples if 'skipped' not in sample]
        genders = [sample.get('gender') for sample in measurable]
        for gender in dict.fromkeys(genders):
            rows = [row for row, other in enumerate(genders) if other == gender]
            buffer = self._buffers.setdefault(gender, SampleBuffer(_MEASURED_AT_ONCE))
            for start in range(0, len(rows), _MEASURED_AT_ONCE):
                part = rows[start : start + _MEASURED_AT_ONCE]
                batch = read_batch(
                    [measurable[row] for row in part],
                    body_model=self.body_model,
                    needs=self._needs,
                )
                batch.columns['position'] = self._num_seen + np.array(part)
                if len(buffer) + len(batch) > buffer.capacity:
                    self.results.append(self._compare(buffer.pop()))
                buffer.add(batch)
        self._num_seen += len(measurable)

    def errors(self) -> Columns:
        """Errors of every sample this process has seen since the last evaluation.

        Returns:
            Columns of :class:`~.sample_errors.MeshComparison` in the order of :meth:`process`, with
            their ``position`` in it (N,); none where there was no sample.
        """
        self.results += [self._compare(b.pop()) for b in self._buffers.values() if len(b)]
        if len(self.results) > 1:
            table = join_columns(self.results)
            order = table['position'].argsort()
            self.results[:] = [{name: column[order] for name, column in table.items()}]
        return self.results[0] if self.results else {}

    def sample_values(self) -> dict[str, np.ndarray]:
        """Metrics of every sample this process has seen since the last evaluation.

        Returns:
            ``sample_idx`` (N,), and by name the values (N,) of all metrics that are means over
            samples; none where there was no sample.
        """
        columns = self.errors()
        if not columns:
            return {}
        values = sample_values(columns, self._specs, self.metrics)
        return {'sample_idx': columns['sample_idx']} | values

    def evaluate(self, size: int) -> dict[str, float]:
        """Collect all processes and compute.

        Args:
            size: Number of samples in the data set.
        """
        self._num_expected = size
        self.results[:] = [(self.errors(), self._skipped)]
        self._skipped = {}
        return super().evaluate(get_world_size())

    def compute_metrics(self, results: list[tuple[Columns, dict]]) -> dict[str, float]:
        """Average over samples, log a table and write the result file.

        Raises:
            ValueError: there is no sample, or different samples have the same ``sample_idx``.
        """
        columns, skipped = unique_rows(results)
        if not columns:
            raise ValueError(
                f'all {len(skipped)} samples were skipped, the first because of: '
                f'{next(iter(skipped.values()))}'
            )
        summary = summarize(
            columns, specs=self._specs, metrics=self.metrics, occlusion_bins=self.occlusion_bins
        )
        protocol = {
            **data_facts(self.dataset_meta, self.body_model.model_id),
            **sample_facts(columns, skipped, expected=self._num_expected),
            'joint_set': self.joint_sets[0] if len(self.joint_sets) == 1 else self.joint_sets,
            'root': self.root,
            'frame': FRAME,
            'definitions': define(self.metrics, self.joint_sets, self.root),
            **weights_under_test(),
            'versions': versions(),
        }
        log_result(summary, protocol)
        if self.out_file is not None:
            content = {'unit': 'mm', **summary.as_json(), 'protocol': protocol}
            dump_json(content, self.out_file)
        return summary.metrics
