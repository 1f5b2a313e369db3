"""Steady motion from bodies that were estimated frame by frame, in constant memory."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dpmesh_plugin.geometry.motion import Motion, OneEuro, interpolate_rotation
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix, matrix_to_axis_angle

from .mesh_file import ImageMeshes

# At rest 1 Hz; a limb that turns at 3 rad/s, or a body that walks at 1.5 m/s, about 5.5 Hz.
ROTATION_FILTER = OneEuro(min_cutoff=1.0, speed_gain=1.5)
TRANSLATION_FILTER = OneEuro(min_cutoff=1.0, speed_gain=3.0)


class Body(NamedTuple):
    """Parameters of a body.

    Args:
        rotations: (24, 3, 3) global orientation and pose.
        transl: (3,) m, camera axes.
    """

    rotations: Tensor
    transl: Tensor

    def parameters(self) -> dict[str, Tensor]:
        """Global orientation (3,), body pose (23, 3), axis-angle, and translation (3,)."""
        turns = matrix_to_axis_angle(self.rotations)
        return {'global_orient': turns[0], 'body_pose': turns[1:], 'transl': self.transl}


@dataclass
class Frame:
    """The bodies of one frame.

    Args:
        number: Number of the frame in the video.
        meshes: What the model said; None if it found nobody.
        bodies: Bodies by id of the person.
    """

    number: int
    meshes: ImageMeshes | None = None
    bodies: dict[int, Body] = field(default_factory=dict)


def as_frame(meshes: ImageMeshes) -> Frame:
    """What the model said about a frame."""
    turns = np.concatenate([meshes.global_orient[:, None], meshes.body_pose], axis=1)
    rotations = axis_angle_to_matrix(torch.from_numpy(turns).double())
    transl = torch.from_numpy(meshes.transl).double()
    ids = meshes.person_ids.tolist()
    bodies = {id_: Body(rotations[row], transl[row]) for row, id_ in enumerate(ids)}
    return Frame(meshes.frame_index, meshes, bodies)


def mean_betas(frames: Iterable[Mapping[str, np.ndarray]]) -> dict[int, np.ndarray]:
    """Mean shape (10,) of every person.

    Args:
        frames: ``person_ids`` (P,) and ``betas`` (P, 10) of the frames.
    """
    sums: dict[int, np.ndarray] = {}
    counts: dict[int, int] = {}
    for frame in frames:
        for id_, betas in zip(frame['person_ids'].tolist(), frame['betas'], strict=True):
            sums[id_] = sums.get(id_, 0) + betas.astype(np.float64)
            counts[id_] = counts.get(id_, 0) + 1
    return {id_: total / counts[id_] for id_, total in sums.items()}


def fill_gaps(frames: Iterable[Frame], max_gap: int) -> Iterator[Frame]:
    """Interpolate persons who are missing for a short time, turning at constant speed.

    Args:
        frames: Frames with persons, numbers rising.
        max_gap: Longest gap that is filled, in frames; so many frames are held in memory.

    Yields:
        The frames, and those between them in which someone was filled in.
    """
    waiting: deque[Frame] = deque()
    last: dict[int, tuple[int, Body]] = {}
    for frame in frames:
        start = waiting[-1].number + 1 if waiting else frame.number
        waiting.extend(Frame(n) for n in range(max(start, frame.number - max_gap), frame.number))
        waiting.append(frame)
        for id_, body in frame.bodies.items():
            before, earlier = last.get(id_, (frame.number, body))
            if 1 < frame.number - before <= max_gap + 1:
                _fill(waiting, id_, (before, earlier), (frame.number, body))
            last[id_] = (frame.number, body)
        while frame.number - waiting[0].number > max_gap:
            yield from _if_anyone(waiting.popleft())
    for frame in waiting:
        yield from _if_anyone(frame)


def smooth(frames: Iterable[Frame], frame_rate: float) -> Iterator[Frame]:
    """Filter the motion of every person with one-euro filters, of rotations as rotations.

    Args:
        frames: Frames, numbers rising.
        frame_rate: Frames per second.
    """
    states: dict[int, tuple[int, Motion, Motion]] = {}
    for frame in frames:
        for id_, body in frame.bodies.items():
            if id_ not in states:
                turn = ROTATION_FILTER.start(body.rotations)
                place = TRANSLATION_FILTER.start(body.transl)
            else:
                before, turn, place = states[id_]
                seconds = (frame.number - before) / frame_rate
                turn = ROTATION_FILTER.step_rotation(turn, body.rotations, seconds)
                place = TRANSLATION_FILTER.step(place, body.transl, seconds)
            states[id_] = (frame.number, turn, place)
            frame.bodies[id_] = Body(turn.value, place.value)
        yield frame


def _fill(
    waiting: Iterable[Frame], id_: int, start: tuple[int, Body], end: tuple[int, Body]
) -> None:
    for frame in waiting:
        if start[0] < frame.number < end[0]:
            share = torch.tensor((frame.number - start[0]) / (end[0] - start[0])).double()
            rotations = interpolate_rotation(
                start[1].rotations, end[1].rotations, share.expand(len(start[1].rotations))
            )
            transl = torch.lerp(start[1].transl, end[1].transl, share)
            frame.bodies[id_] = Body(rotations, transl)


def _if_anyone(frame: Frame) -> Iterator[Frame]:
    if frame.bodies:
        yield frame
