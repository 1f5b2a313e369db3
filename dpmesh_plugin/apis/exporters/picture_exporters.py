"""Pictures of the persons alone."""

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import numpy as np
from torch import nn

from dpmesh_plugin.apis.mesh_sequence import MeshSequence
from dpmesh_plugin.registry import EXPORTERS
from dpmesh_plugin.rendering import Stage, person_color
from dpmesh_plugin.visualization import body_views, save_animation, save_image, turntable

from .base_exporter import BaseExporter, frame_file
from .person_track import check_persons, no_persons


@EXPORTERS.register_module(name='png')
class ViewsExporter(BaseExporter):
    """Front, side and top views of every person, one sheet per image.

    Args:
        panel_size: Width and height of a view in px.
    """

    def __init__(self, *, panel_size: int = 320) -> None:
        self.panel_size = panel_size

    def export(self, sequence: MeshSequence, body_model: nn.Module, stem: Path) -> list[Path]:
        """Write ``STEM_views.png``, in a video ``STEM_png/views_FRAME.png``."""
        paths, colors = [], {}
        for number, meshes in sequence.numbered_frames():
            persons = check_persons(meshes)
            if not persons:
                continue
            path = frame_file(stem, number, 'views', 'png')
            sheet = body_views(
                list(meshes.vertices),
                meshes.faces,
                names=[f'person {person}' for person in persons],
                colors=[person_color(colors.setdefault(p, len(colors))) for p in persons],
                panel_size=self.panel_size,
            )
            save_image(sheet, path)
            paths.append(path)
        if not paths:
            raise no_persons(sequence)
        return paths


class TurntableExporter(BaseExporter):
    """All persons on a table that turns; in a video they move at the same time.

    Args:
        seconds_per_turn: Time of a whole turn; also the length of a photograph's animation.
        still_frame_rate: Frames per second of a photograph's animation.
        size: Width and height in px.
        largest_size: Width and height up to which it grows where persons stand far apart.
    """

    suffix: str

    def __init__(
        self,
        *,
        seconds_per_turn: float = 4.0,
        still_frame_rate: float = 25.0,
        size: tuple[int, int] = (480, 480),
        largest_size: tuple[int, int] = (1280, 720),
    ) -> None:
        self.seconds_per_turn = seconds_per_turn
        self.still_frame_rate = still_frame_rate
        self.size = size
        self.largest_size = largest_size

    def export(self, sequence: MeshSequence, body_model: nn.Module, stem: Path) -> list[Path]:
        """Write ``STEM_turntable.SUFFIX``; see :class:`BaseExporter`."""
        colors = _color_numbers(sequence)
        frame_rate = self.still_frame_rate if sequence.is_still else sequence.frame_rate
        per_turn = self.seconds_per_turn * frame_rate
        scenes = _scenes(sequence, colors)
        if sequence.is_still:
            scenes = repeat(next(scenes), round(per_turn))
        bodies = (body for meshes in sequence.frames for body in meshes.vertices)
        pictures = turntable(
            scenes,
            sequence.frames[0].faces,
            stage=Stage.around(bodies),
            degrees_per_frame=360 / per_turn,
            size=self.size,
            largest=self.largest_size,
        )
        path = stem.with_name(f'{stem.name}_turntable.{self.suffix}')
        save_animation(pictures, path, frame_rate=frame_rate)
        return [path]


@EXPORTERS.register_module(name='gif')
class GIFExporter(TurntableExporter):
    """Turntable as GIF: all persons turn, in a video they move at the same time."""

    suffix = 'gif'


@EXPORTERS.register_module(name='mp4')
class MP4Exporter(TurntableExporter):
    """Turntable as MP4: all persons turn, in a video they move at the same time."""

    suffix = 'mp4'


def _color_numbers(sequence: MeshSequence) -> dict[int, int]:
    """For every person the number of its colour, in the order in which they appear."""
    colors = {}
    for meshes in sequence.frames:
        for person in check_persons(meshes):
            colors.setdefault(person, len(colors))
    if not colors:
        raise no_persons(sequence)
    return colors


def _scenes(sequence: MeshSequence, colors: dict[int, int]) -> Iterator[dict[int, np.ndarray]]:
    """Bodies by the number of their colour, for every frame from the first to the last."""
    frames = sequence.numbered_frames()
    number = sequence.numbers[0]
    for found, meshes in frames:
        yield from repeat({}, found - number)
        number = found + 1
        rows = enumerate(check_persons(meshes))
        yield {colors[person]: meshes.vertices[row] for row, person in rows}
