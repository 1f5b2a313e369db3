"""Bodies from all sides: a sheet of views, and a turntable."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from dpmesh_plugin.rendering import Stage, add_label, person_color, view_bodies

from .pictures import contact_sheet

VIEWS = {'front': (0, 0), 'side': (90, 0), 'top': (0, 90)}
"""Yaw and pitch in degrees; the front is what the camera saw."""

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

    Args:
        bodies: ``(V, 3)`` each, camera axes, m.
        faces: Vertex numbers ``(F, 3)`` of all of them.
        names: What to write over the views of each body.
        colors: Albedo ``(3,)`` of every body, RGB 0..1. None takes distinct ones from the palette.
        panel_size: Width and height of a view in px.

    Returns:
        A sheet ``(H, W, 3)`` uint8 RGB with a row per body and a column per view.

    Raises:
        ValueError: there is no body.
    """
    if not bodies:
        raise ValueError('expected bodies to look at, got none')
    if colors is None:
        colors = [person_color(number) for number in range(len(bodies))]
    rows = [
        ([body], [color], name) for body, color, name in zip(bodies, colors, names, strict=True)
    ]
    if len(bodies) > 1:
        rows.insert(0, (list(bodies), list(colors), 'all'))
    size = panel_size, panel_size
    panels = [
        add_label(
            view_bodies(group, faces, size=size, yaw=yaw, pitch=pitch, colors=paint),
            f'{name}: {view}',
        )
        for group, paint, name in rows
        for view, (yaw, pitch) in VIEWS.items()
    ]
    return contact_sheet(panels, len(VIEWS))


def turntable(
    scenes: Iterable[Mapping[int, np.ndarray]],
    faces: np.ndarray,
    *,
    stage: Stage,
    degrees_per_frame: float,
    size: tuple[int, int] = (480, 480),
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

    Yields:
        ``(h, w, 3)`` uint8 RGB.
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
        )
