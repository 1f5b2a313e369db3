"""Progress bars that count images and frames."""

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


def progress_bars(*, shown: bool) -> Progress:
    """Bars, one below the other; a context in which they are drawn.

    Args:
        shown: Whether they are; if not, they count in silence.
    """
    return Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        disable=not shown,
    )
