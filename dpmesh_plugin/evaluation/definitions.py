"""What every metric measures: the part of a protocol that does not depend on the data."""

from collections.abc import Sequence
from dataclasses import dataclass

from .functional import AUC_THRESHOLDS, IMAGE_PCK_THRESHOLDS, PCK_THRESHOLD

_JOINTS, _MESH = 'joints', 'vertices'
_PELVIS = 'both meshes centred on their SMPL pelvis'
_SIMILARITY = 'similarity transform (scale, rotation, translation) of every sample, reflections not'


@dataclass(frozen=True)
class Definition:
    """One metric.

    Args:
        unit: Unit of the value.
        alignment: What is done to the prediction; None for the root of the joint errors.
        of: ``'joints'`` or ``'vertices'``.
        averaged: Over what the mean is taken.
        threshold: What counts as correct.
        source: Where it was published.
    """

    unit: str
    alignment: str | None
    of: str = _JOINTS
    averaged: str = 'joints, then samples'
    threshold: str | None = None
    source: str = 'Human3.6M, Ionescu et al., PAMI 2014'

    def facts(self, joint_set: str, root: str) -> dict[str, str]:
        """What must agree between two values of this metric."""
        facts = {'unit': self.unit, 'averaged over': self.averaged}
        if self.of == _JOINTS:
            facts['joint_set'] = joint_set
        if self.alignment is None:
            facts['root'] = root
        facts['alignment'] = self.alignment or 'root'
        if self.threshold:
            facts['threshold'] = self.threshold
        return facts


_IMAGE_PCK = {
    f'2DPCK@{share:g}': Definition(
        '%',
        'none, projected by the camera of the image',
        threshold=f'{share:g} of the longer side of the tight box around the true joints',
        source='Goel et al., ICCV 2023; idea: Yang and Ramanan, PAMI 2013',
    )
    for share in IMAGE_PCK_THRESHOLDS
}
DEFINITIONS: dict[str, Definition] = {
    'MPJPE': Definition('mm', None),
    'PA-MPJPE': Definition('mm', _SIMILARITY, source='HMR, Kanazawa et al., CVPR 2018'),
    'MPVPE': Definition(
        'mm', _PELVIS, _MESH, 'vertices, then samples', source='Pose2Mesh, Choi et al., ECCV 2020'
    ),
    'PA-MPVPE': Definition(
        'mm', _SIMILARITY, _MESH, 'vertices, then samples', source='Pose2Mesh, its release'
    ),
    '3DPCK': Definition(
        '%',
        None,
        threshold=f'below {PCK_THRESHOLD:g} mm',
        source='MPI-INF-3DHP, Mehta et al., 3DV 2017',
    ),
    'AUC': Definition(
        '%',
        None,
        averaged='thresholds and joints, then samples',
        threshold=f'below {AUC_THRESHOLDS[0]}, {AUC_THRESHOLDS[1]}, ... {AUC_THRESHOLDS[-1]} mm',
        source='MPI-INF-3DHP, Mehta et al., 3DV 2017',
    ),
    'ACCEL': Definition(
        'mm/frame^2',
        None,
        averaged='joints and frames between two others',
        source='HMMR, Kanazawa et al., CVPR 2019',
    ),
    **_IMAGE_PCK,
}
# What a user may ask for; a name stands for all metrics that begin with it.
METRIC_CHOICES = ('MPJPE', 'PA-MPJPE', 'MPVPE', 'PA-MPVPE', '3DPCK', 'AUC', 'ACCEL', '2DPCK')
DEFAULT_METRICS = ('MPJPE', 'PA-MPJPE', 'MPVPE', 'PA-MPVPE', '3DPCK', 'AUC')


def chosen_metrics(names: Sequence[str]) -> tuple[str, ...]:
    """Names of the metrics that choices stand for, in the order of the table.

    Raises:
        KeyError: unknown choice, or none at all; the message lists the choices.
    """
    unknown = [name for name in names if name not in METRIC_CHOICES]
    if unknown or not names:
        raise KeyError(
            f'{f"unknown metric {unknown[0]!r}" if unknown else "no metric was chosen"}; known: '
            f'{", ".join(METRIC_CHOICES)}'
        )
    return tuple(name for name in DEFINITIONS if name.split('@')[0] in names)


def define(metrics: Sequence[str], joint_sets: Sequence[str], root: str) -> dict[str, dict]:
    """Facts of every value of a result, by its name.

    Names are those of the metrics for the first joint set; other sets stand before them.
    """
    found = {}
    for joint_set in joint_sets:
        for metric in metrics:
            definition = DEFINITIONS[metric]
            if definition.of == _JOINTS or joint_set == joint_sets[0]:
                name = value_name(metric, joint_set, joint_sets)
                found[name] = definition.facts(joint_set, root)
    return found


def value_name(metric: str, joint_set: str, joint_sets: Sequence[str]) -> str:
    """Name of a value in a result: that of the metric, after the set if it is not the first."""
    return metric if joint_set == joint_sets[0] else f'{joint_set}/{metric}'
