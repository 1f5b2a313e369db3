"""Results side by side: numbers share a column only if they were measured under one protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dpmesh_plugin.utils.io import load_json

from .published import PUBLISHED, PublishedRow

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


# Those of them that the definition of a metric states for itself.
_OF_METRIC = ('joint_set', 'root')


@dataclass(frozen=True)
class Result:
    """One evaluation.

    Args:
        name: What the row is called.
        metrics: Values by name; None for one that is not finite.
        protocol: The facts it was measured under.
        splits: ``per_joint``, ``by_visibility`` and ``by_occlusion``, where the file has them.
        counts: Over how many samples each value is a mean, where the file says so.
    """

    name: str
    metrics: dict[str, float | None]
    protocol: dict[str, Any]
    splits: dict[str, dict] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def conditions(self) -> dict[str, Any]:
        """The facts that must agree in a table."""
        facts = {name: self.protocol.get(name) for name in COMPARED_FACTS}
        samples = facts['samples']
        facts['samples'] = samples['evaluated'] if isinstance(samples, dict) else samples
        return facts

    @property
    def definitions(self) -> dict[str, dict[str, str]]:
        """Facts of every metric; none in files that do not state them."""
        return self.protocol.get('definitions', {})

    @property
    def units(self) -> dict[str, str]:
        """Unit of every value that has another than mm."""
        units = {name: facts['unit'] for name, facts in self.definitions.items()}
        return {name: unit for name, unit in units.items() if unit != 'mm'}


@dataclass(frozen=True)
class Difference:
    """A fact in which two results differ.

    Args:
        fact: Its name.
        values: What the first and the second result state.
        metrics: Metrics it concerns; none where it concerns all.
    """

    fact: str
    values: tuple[Any, Any]
    metrics: tuple[str, ...] = ()


def read_result(path: str | Path) -> Result:
    """Read a result file written by ``MeshMetric``.

    Raises:
        FileNotFoundError: there is no such file.
        KeyError: the file states no metrics or no protocol.
    """
    content = load_json(path)
    missing = [
        name
        for name in ('metrics', 'protocol')
        if not isinstance(content, dict) or not isinstance(content.get(name), dict)
    ]
    if missing:
        raise KeyError(
            f'{Path(path).absolute()} has no {missing[0]!r}: expected a result file as '
            'tools/test.py writes it with --out'
        )
    return Result(
        name=Path(path).stem,
        metrics=content['metrics'],
        protocol=content['protocol'],
        splits={
            name: content.get(name, {}) for name in ('per_joint', 'by_visibility', 'by_occlusion')
        },
        counts=content.get('counts', {}),
    )


def differences(first: Result, second: Result) -> list[Difference]:
    """What keeps the numbers of two results from sharing columns; nothing if they may.

    Where both files define their metrics, the definitions of those that both have must agree.
    Otherwise joint set and root are those of the whole file.
    """
    pair = first, second
    defined = all(result.definitions for result in pair)
    found = [
        Difference(fact, values)
        for fact in COMPARED_FACTS
        if not (defined and fact in _OF_METRIC)
        and (values := tuple(result.conditions[fact] for result in pair))[0] != values[1]
    ]
    by_values: dict[tuple, list[str]] = {}
    for metric, facts in first.definitions.items():
        others = second.definitions.get(metric, facts)
        for fact in {**facts, **others}:
            values = facts.get(fact), others.get(fact)
            if values[0] != values[1]:
                by_values.setdefault((fact, values), []).append(metric)
    return found + [Difference(*key, tuple(metrics)) for key, metrics in by_values.items()]


def group_by_protocol(results: Sequence[Result]) -> list[list[Result]]:
    """Results that may stand in one table, in the order given."""
    groups: list[list[Result]] = []
    for result in results:
        for group in groups:
            if not any(differences(other, result) for other in group):
                group.append(result)
                break
        else:
            groups.append([result])
    return groups


def published_for(result: Result) -> list[PublishedRow]:
    """Published rows whose known facts agree; none for a number on another body than SMPL."""
    return [
        row
        for row in PUBLISHED
        if all(result.protocol.get(name) == value for name, value in row.facts.items())
    ]
