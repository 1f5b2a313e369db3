"""The metrics that a config names."""

from collections.abc import Sequence

from dpmesh_plugin.registry import METRICS


def metric_entries(evaluator: dict | Sequence[dict]) -> list[dict]:
    """The entries of ``test_evaluator`` or ``val_evaluator``, which may be one or several."""
    return list(evaluator) if isinstance(evaluator, list | tuple) else [evaluator]


def entries_of(
    evaluator: dict | Sequence[dict], kind: type, *, but: tuple[type, ...] = ()
) -> list[dict]:
    """The entries of an evaluator that name a metric of some kind, in their order.

    Args:
        evaluator: Config of one or several metrics.
        kind: Class of metrics; subclasses are of its kind, whatever they are called.
        but: Subclasses that are not meant.

    Raises:
        KeyError: there is no metric of a name; the message lists those that there are.
    """
    entries = metric_entries(evaluator)
    classes = [_class_of(entry['type']) for entry in entries]
    return [
        entry
        for entry, found in zip(entries, classes, strict=True)
        if issubclass(found, kind) and not issubclass(found, but)
    ]


def _class_of(kind: str | type) -> type:
    return kind if isinstance(kind, type) else METRICS.get(kind)
