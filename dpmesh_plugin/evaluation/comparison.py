"""Results side by side: numbers share a column only if they were measured under one protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dpmesh_plugin.utils.io import load_json

# What must agree before two numbers may be compared.
COMPARED_FACTS = (
    'dataset',
    'subset',
    'samples',
    'joint_set',
    'root',
    'body_model',
    'keypoint_source',
)


@dataclass(frozen=True)
class Result:
    """One evaluation.

    Args:
        name: What the row is called.
        metrics: Values in mm by name; None for one that is not finite.
        protocol: The facts it was measured under.
    """

    name: str
    metrics: dict[str, float | None]
    protocol: dict[str, Any]

    @property
    def conditions(self) -> dict[str, Any]:
        """The facts that must agree in a column."""
        facts = {name: self.protocol.get(name) for name in COMPARED_FACTS}
        samples = facts['samples']
        facts['samples'] = samples['evaluated'] if isinstance(samples, dict) else samples
        return facts


_PUBLISHED_PROTOCOL = {'joint_set': 'h36m_14', 'root': 'pelvis', 'body_model': 'smpl'}
_SOURCE = 'DPMesh, arXiv:2404.01424, table 1'

# Published results on SMPL in mm. They state no number of samples.
PUBLISHED = tuple(
    Result(
        name=_SOURCE,
        metrics=dict(zip(('MPJPE', 'PA-MPJPE', 'MPVPE'), values, strict=True)),
        protocol={**_PUBLISHED_PROTOCOL, 'dataset': f'3DPW ({subset})', 'subset': subset},
    )
    for subset, values in (
        ('oc', (70.9, 48.0, 88.0)),
        ('pc', (82.2, 56.6, 105.4)),
        ('crowd', (79.9, 51.1, 101.5)),
    )
)


def read_result(path: str | Path) -> Result:
    """Read a result file written by ``MeshMetric``.

    Raises:
        FileNotFoundError: there is no such file.
        KeyError: the file states no metrics or no protocol.
    """
    content = load_json(path)
    missing = [name for name in ('metrics', 'protocol') if name not in content]
    if missing:
        raise KeyError(
            f'{Path(path).absolute()} has no {missing[0]!r}: expected a result file as '
            'tools/test.py writes it with --out'
        )
    return Result(Path(path).stem, content['metrics'], content['protocol'])


def group_by_protocol(results: Sequence[Result]) -> list[list[Result]]:
    """Results that may stand in one table, in the order given."""
    groups: list[list[Result]] = []
    for result in results:
        for group in groups:
            if group[0].conditions == result.conditions:
                group.append(result)
                break
        else:
            groups.append([result])
    return groups


def published_for(result: Result) -> list[Result]:
    """Published rows on the same data set; none for a number on another body than SMPL."""
    return [row for row in PUBLISHED if row.protocol['dataset'] == result.protocol.get('dataset')]


def differing_facts(groups: Sequence[Sequence[Result]]) -> list[str]:
    """Names of the facts in which the groups differ."""
    conditions = [group[0].conditions for group in groups]
    return [
        fact for fact in COMPARED_FACTS if any(c[fact] != conditions[0][fact] for c in conditions)
    ]
