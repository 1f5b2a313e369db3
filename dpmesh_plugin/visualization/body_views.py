"""Bodies from all sides: a sheet of views, and a turntable."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from dpmesh_plugin.rendering import Stage, add_label, person_color, view_bodies

from .pictures import picture_rows

VIEWS = {'front': (0, 0), 'side': (90, 0), 'top': (0, 90)}
"""Yaw and pitch in degrees; the front is what the camera saw."""

_GAP = 6
"""Space between the views in px."""

_TURNTABLE_PITCH = 12.0
"""Degrees from which the turntable is looked down at."""


def body_views(
    bodies: Sequence[np.ndarray],
    faces: np.ndarray,
    *,
    names: Sequence[str],
    colors: Sequence[np.ndarray] | None = None,
    panel_size: int = 320,
) -> np.ndarray:
    """Front, side and top view of every body, and, if there are several, of all together.

    Where they stand far apart, the views of all are larger than the others, one below the other.

    Args:
        bodies: ``(V, 3)`` each, camera axes, m.
        faces: Vertex numbers ``(F, 3)`` of all of them.
        names: What to write over the views of each body.
        colors: Albedo ``(3,)`` of every body, RGB 0..1. None takes distinct ones from the palette.
        panel_size: Width and height of a view in px.

    Returns:
        A sheet ``(H, W, 3)`` uint8 RGB, in a row as many views as a body has.

    Raises:
        ValueError: there is no body.
    """
    if not bodies:
        raise ValueError('expected bodies to look at, got none')
    if colors is None:
        colors = [person_color(number) for number in range(len(bodies))]
    groups = [
        ([body], [color], name) for body, color, name in zip(bodies, colors, names, strict=True)
    ]
    if len(bodies) > 1:
        groups.insert(0, (list(bodies), list(colors), 'all'))
    size = panel_size, panel_size
    width = len(VIEWS) * panel_size + (len(VIEWS) - 1) * _GAP
    rows = []
    for group, paint, name in groups:
        largest = None if len(group) == 1 else (width, 2 * panel_size)
        panels = []
        for view, (yaw, pitch) in VIEWS.items():
            picture = view_bodies(
                group, faces, size=size, yaw=yaw, pitch=pitch, colors=paint, largest=largest
            )
            panels.append(add_label(picture, f'{name}: {view}'))
        rows += _filled_rows(panels, width)
    return picture_rows(rows, gap=_GAP)


def _filled_rows(panels: Sequence[np.ndarray], width: int) -> list[list[np.ndarray]]:
    """Pictures in rows that are at most ``width`` px wide."""
    rows = [[]]
    for panel in panels:
        taken = sum(each.shape[1] + _GAP for each in rows[-1])
        if rows[-1] and taken + panel.shape[1] > width:
            rows.append([])
        rows[-1].append(panel)
    return rows


def turntable(
    scenes: Iterable[Mapping[int, np.ndarray]],
    faces: np.ndarray,
    *,
    stage: Stage,
    degrees_per_frame: float,
    size: tuple[int, int] = (480, 480),
    largest: tuple[int, int] = (1280, 720),
) -> Iterator[np.ndarray]:
    """Pictures of bodies on a table that turns: of one scene again and again, or of a moving one.

    Args:
        scenes: For every frame the bodies ``(V, 3)`` in it, camera axes, m, by a number that stands
            for the person and gives its colour.
        faces: Vertex numbers ``(F, 3)`` of all of them.
        stage: The space that is shown, the same in all frames; ``Stage.around`` all bodies.
        degrees_per_frame: Turn from one frame to the next; what faced the camera moves to the
            right.
        size: ``(w, h)`` in px.
        largest: ``(w, h)`` up to which the pictures grow where bodies stand far apart.

    Yields:
        ``(h, w, 3)`` uint8 RGB, all of one size.
    """
    for frame, bodies in enumerate(scenes):
        yield view_bodies(
            list(bodies.values()),
            faces,
            size=size,
            yaw=frame * degrees_per_frame,
            pitch=_TURNTABLE_PITCH,
            colors=[person_color(number) for number in bodies],
            stage=stage,
            largest=largest,
        )
