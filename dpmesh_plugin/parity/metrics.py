"""The metric on recorded pairs of meshes."""

from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.evaluation import MeshMetric
from dpmesh_plugin.evaluation.functional import aligned_joint_errors, joint_errors, masked_mean
from dpmesh_plugin.structures import keypoint_map

from .parity_set import ParitySet
from .rows import Report

LIMIT_MM = 0.01
# Meshes are stored as whole numbers of this unit, in metres.
MESH_UNIT = 1 / 8192


class RecordedBody(nn.Module):
    """A body model whose posed meshes are given: the first beta is the index of the mesh.

    Args:
        body: Body model that the meshes belong to.
        meshes: (N, V, 3), m.
    """

    def __init__(self, body: SMPL, meshes: Tensor) -> None:
        super().__init__()
        self.meshes = meshes
        self.model_id = body.model_id
        self.num_vertices = body.num_vertices
        self.regressors = body.regressors

    def forward(self, *, betas: Tensor, **_parameters: object) -> SimpleNamespace:
        """The meshes at the indices ``betas[:, 0]``."""
        return SimpleNamespace(vertices=self.meshes[betas[:, 0].long()])


def compare_metrics(parity: ParitySet, body: SMPL, report: Report) -> None:
    """Per-sample errors of ``metrics.npz`` by ``MeshMetric``, in mm."""
    record = parity.arrays('metrics.npz')
    if record is None:
        report.notes.append('metrics: metrics.npz is not in the set')
        return
    true, predicted = (
        torch.from_numpy((record[key] * MESH_UNIT).astype(np.float32))
        for key in ('gt_mesh_q', 'pred_mesh_q')
    )
    predicted = predicted - body.regress(predicted, 'dpmesh_30')[:, :1]
    metric = MeshMetric(body_model=RecordedBody(body, true))
    metric.process(None, _samples(record, predicted))
    names = {'MPJPE': 'mpjpe', 'PA-MPJPE': 'pa_mpjpe', 'MPVPE': 'mpvpe'}
    for metric_name, name in names.items():
        values = metric.sample_values()[metric_name]
        report.add(f'metrics/{name}', values, record[name], LIMIT_MM, unit='mm')
        mean = record[f'mean.{name}']
        report.add(f'metrics/mean.{name}', np.mean(values), mean, LIMIT_MM, unit='mm')
    _compare_visible(record, report)


def _samples(record: dict[str, np.ndarray], predicted: Tensor) -> list[dict]:
    betas = torch.zeros(len(predicted), 1, 10)
    betas[:, 0, 0] = torch.arange(len(predicted))
    return [
        {
            'sample_idx': index,
            'gender': str(record['gt_gender'][index]),
            'gt_instances': {
                'global_orient': torch.zeros(1, 3),
                'body_pose': torch.zeros(1, 23, 3),
                'betas': betas[index],
            },
            'pred_instances': {'vertices': vertices[None]},
        }
        for index, vertices in enumerate(predicted)
    ]


def _compare_visible(record: dict[str, np.ndarray], report: Report) -> None:
    """Errors over visible and hidden joints, from the recorded joints; NaN where there is none."""
    predicted, true = (torch.from_numpy(record[f'{side}_joints14']) for side in ('pred', 'gt'))
    indices = keypoint_map('dpmesh_30', 'h36m_14')
    visible = torch.from_numpy(record['joints_mask'][:, indices, 0]) > 0
    for name, errors in (
        ('mpjpe', joint_errors(predicted, true)),
        ('pa_mpjpe', aligned_joint_errors(predicted, true)),
    ):
        for kind, mask in (('visable', visible), ('invisable', ~visible)):
            key = f'{name}_{kind}'
            report.add(
                f'metrics/{key}', masked_mean(errors, mask), record[key], LIMIT_MM, unit='mm'
            )
