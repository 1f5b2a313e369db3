import pytest

from dpmesh_plugin.evaluation import JointMetric, MeshMetric, entries_of, metric_entries
from dpmesh_plugin.registry import METRICS


class FineMetric(MeshMetric):
    """A metric of somebody else."""


@pytest.fixture
def fine_metric():
    METRICS.register_module(module=FineMetric)
    yield 'FineMetric'
    METRICS.module_dict.pop('FineMetric')


def test_one_entry_or_several():
    entry = {'type': 'MeshMetric'}
    assert metric_entries(entry) == metric_entries([entry]) == metric_entries((entry,)) == [entry]


def test_a_metric_is_known_by_any_name_and_as_a_subclass(fine_metric):
    kinds = ['DumpPredictions', 'dpmesh_plugin.MeshMetric', fine_metric, MeshMetric, 'JointMetric']
    entries = [{'type': kind} for kind in kinds]
    assert entries_of(entries, MeshMetric) == entries[1:]
    assert entries_of(entries, MeshMetric, but=(JointMetric,)) == entries[1:4]
    assert entries_of(entries[0], MeshMetric) == []


def test_an_unknown_metric_is_named():
    with pytest.raises(KeyError, match="unknown metric 'MeshMetrik'; dpmesh_plugin has: .*MeshMet"):
        entries_of([{'type': 'MeshMetrik'}], MeshMetric)
