"""Joint and vertex errors of predicted meshes."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from torch import Tensor, nn

from dpmesh_plugin.registry import BODY_MODELS, METRICS
from dpmesh_plugin.structures import Visibility, get_keypoint_set, keypoint_map
from dpmesh_plugin.utils.io import dump_json

from .collection import padded_size, unique_samples
from .functional import aligned_joint_errors, joint_errors, mpvpe
from .protocol import benchmark_title, versions, weights_under_test

# The set a root is taken from where the evaluated set lacks it (the published 14 joints are 14 of
# the 17 without the pelvis they are centred on).
_SUPERSETS = {'h36m_14': 'h36m_17'}
# MPVPE centres every mesh on the first joint of its kinematic tree.
_MESH_ROOT_SET, _MESH_ROOT = 'smpl_24', 'pelvis'
_SMPL_FIELDS = ('global_orient', 'body_pose', 'betas')
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
    counts once, by ``sample_idx``.

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
        self._regressed_set = _SUPERSETS.get(joint_set, joint_set)
        self._root_index = get_keypoint_set(self._regressed_set).index(root)
        self._joint_indices = keypoint_map(self._regressed_set, joint_set)
        self._visibility_indices = keypoint_map(visibility_set, joint_set)
        self._num_expected = 0

    @BaseMetric.dataset_meta.setter
    def dataset_meta(self, dataset_meta: Mapping[str, Any] | None) -> None:
        """Set the meta information of the data set; raise if its body model is another one."""
        annotated = (dataset_meta or {}).get('body_model_id')
        if annotated is not None and annotated != self.body_model.model_id:
            raise ValueError(
                f'the data set is annotated with body model {annotated!r}, the metric has '
                f'{self.body_model.model_id!r}: parameters of one mean nothing to the other. Set '
                'body_model.path of the config to the files of the former'
            )
        self._dataset_meta = dataset_meta

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the errors of every sample.

        Args:
            data_batch: Not used.
            data_samples: Dicts with ``sample_idx``, ``gender``, ``gt_instances`` (``global_orient``
                (1, 3), ``body_pose`` (1, 23, 3), ``betas`` (1, 10), optionally ``visibility``
                (1, 30)) and ``pred_instances`` (``vertices`` (1, V, 3), m, camera axes).
        """
        predicted = torch.cat([s['pred_instances']['vertices'] for s in data_samples]).float()
        # A diverged prediction counts as NaN; the alignment must not see it.
        finite = predicted.isfinite().flatten(1).all(dim=1)
        predicted = predicted.where(finite[:, None, None], 0)
        true = self._true_vertices(data_samples, like=predicted)
        joints, true_joints = self._joints(predicted), self._joints(true)
        errors = joint_errors(joints, true_joints)
        aligned = aligned_joint_errors(joints, true_joints)
        vertex = mpvpe(self._centred(predicted), self._centred(true)).cpu()
        for i, sample in enumerate(data_samples):
            valid = 1.0 if finite[i] else float('nan')
            self.results.append(
                {
                    'sample_idx': sample['sample_idx'],
                    'errors': (errors[i] * valid).numpy(),
                    'aligned_errors': (aligned[i] * valid).numpy(),
                    'vertex_error': vertex[i].item() * valid,
                    'visibility': self._visibility(sample['gt_instances']),
                }
            )

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
        samples = unique_samples(results)
        errors = np.stack([sample['errors'] for sample in samples])
        aligned = np.stack([sample['aligned_errors'] for sample in samples])
        metrics = {
            'MPJPE': errors.mean(),
            'PA-MPJPE': aligned.mean(),
            'MPVPE': np.mean([sample['vertex_error'] for sample in samples]),
            **self._by_visibility(errors, samples),
        }
        metrics = {name: float(value) for name, value in metrics.items()}
        num_diverged = int(np.isnan(errors).any(axis=1).sum())
        self._report(metrics, self._protocol(len(samples), num_diverged))
        return metrics

    def _true_vertices(self, data_samples: Sequence[dict], like: Tensor) -> Tensor:
        """Vertices (B, V, 3) of the annotated bodies, m, on the device of ``like``."""
        for sample in data_samples:
            missing = [field for field in _SMPL_FIELDS if field not in sample['gt_instances']]
            if missing:
                raise KeyError(
                    f'sample {sample["sample_idx"]} ({sample.get("img_path")}) has no '
                    f'gt_instances.{missing[0]}; MeshMetric needs {", ".join(_SMPL_FIELDS)} of '
                    'every sample'
                )
        parameters = {
            field: torch.cat([torch.as_tensor(s['gt_instances'][field]) for s in data_samples])
            for field in _SMPL_FIELDS
        }
        self.body_model.to(like.device)
        return self.body_model(
            **{field: value.to(like) for field, value in parameters.items()},
            gender=[sample['gender'] for sample in data_samples],
        ).vertices

    def _joints(self, vertices: Tensor) -> Tensor:
        """Evaluated joints (B, K, 3) relative to the root, m, in double precision on the CPU."""
        joints = self.body_model.regress(vertices, self._regressed_set).cpu().double()
        root = joints[:, self._root_index, None]
        return joints[:, torch.from_numpy(self._joint_indices.copy())] - root

    def _centred(self, vertices: Tensor) -> Tensor:
        """Vertices relative to the pelvis of their own mesh."""
        joints = self.body_model.regress(vertices, _MESH_ROOT_SET)
        return vertices - joints[:, get_keypoint_set(_MESH_ROOT_SET).index(_MESH_ROOT), None]

    def _visibility(self, gt_instances: Mapping[str, Any]) -> np.ndarray:
        """Visibility codes (K,) of the evaluated joints; unknown where nothing is known."""
        codes = np.full(len(self._visibility_indices), Visibility.UNKNOWN, dtype=np.int8)
        if 'visibility' in gt_instances:
            known = self._visibility_indices >= 0
            given = np.asarray(gt_instances['visibility']).reshape(-1)
            codes[known] = given[self._visibility_indices[known]]
        return codes

    def _by_visibility(self, errors: np.ndarray, samples: list[dict]) -> dict[str, float]:
        """Errors of visible and of hidden joints; a kind that does not occur is left out."""
        codes = np.stack([sample['visibility'] for sample in samples])
        split = {}
        for name, kinds in (('visible', [Visibility.VISIBLE]), ('hidden', _HIDDEN)):
            mask = np.isin(codes, kinds)
            counts = mask.sum(axis=1)
            if counts.any():
                totals = np.where(mask, errors, 0).sum(axis=1)[counts > 0]
                split[f'MPJPE-{name}'] = (totals / counts[counts > 0]).mean()
        return split

    def _protocol(self, num_samples: int, num_diverged: int) -> dict[str, Any]:
        meta = self.dataset_meta or {}
        meta = {'dataset_name': 'unnamed data set', **meta}
        return {
            'dataset': benchmark_title(meta, self.body_model.model_id),
            'subset': meta.get('subset'),
            'samples': {
                'expected': self._num_expected,
                'evaluated': num_samples,
                'skipped': self._num_expected - num_samples,
                'diverged': num_diverged,
            },
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
        if samples['diverged']:
            print_log(
                f'{samples["diverged"]} predictions are not finite, so the means are not either',
                'current',
                level=logging.WARNING,
            )
        if self.out_file is not None:
            finite = {name: v if np.isfinite(v) else None for name, v in metrics.items()}
            dump_json({'unit': 'mm', 'metrics': finite, 'protocol': protocol}, self.out_file)
