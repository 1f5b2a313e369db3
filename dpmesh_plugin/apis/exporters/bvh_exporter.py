"""Skeletons as BVH."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from dpmesh_plugin.apis.mesh_sequence import MeshSequence
from dpmesh_plugin.geometry.motion import interpolate_rotation, matrix_to_euler_zxy
from dpmesh_plugin.registry import EXPORTERS
from dpmesh_plugin.utils.io import atomic_write

from .base_exporter import BaseExporter
from .person_track import person_tracks
from .skeleton_motion import JOINT_NAMES, SkeletonMotion, offsets_from_parents

_PLACE = 'Xposition Yposition Zposition'
_TURN = 'Zrotation Xrotation Yrotation'
_PHOTOGRAPH_SECONDS = 1 / 30
"""A file must state the time of a frame; for a single one it means nothing."""


@EXPORTERS.register_module(name='bvh')
class BVHExporter(BaseExporter):
    """The skeleton of each person with its motion, one file per person.

    Convention: y up, metres, right-handed; angles in degrees, turns about z, x and y in this order.
    Every file spans the whole video: between frames in which the person was found the pose is
    interpolated, before and after it stays as it is. Where the shape changes over the video, every
    joint has position channels, which stand in the place of its offset.
    """

    def export(self, sequence: MeshSequence, body_model: nn.Module, stem: Path) -> list[Path]:
        """Write ``STEM_personID.bvh``; see :class:`BaseExporter`."""
        seconds = _PHOTOGRAPH_SECONDS if sequence.is_still else 1 / sequence.frame_rate
        numbers = np.arange(sequence.numbers[0], sequence.numbers[-1] + 1)
        paths = []
        for track in person_tracks(sequence, body_model):
            motion = SkeletonMotion.of_track(track, body_model)
            tips = _tips(motion, body_model.vertex_parts)
            frames = _channels(motion, track.numbers, numbers)
            lines = ['HIERARCHY', *_block(0, motion, tips), 'MOTION', f'Frames: {len(frames)}']
            lines += [f'Frame Time: {seconds:.8f}', *map(_text, frames)]
            path = stem.with_name(f'{stem.name}_person{track.person_id}.bvh')
            with atomic_write(path) as temporary:
                temporary.write_text('\n'.join(lines) + '\n', encoding='ascii')
            paths.append(path)
        return paths


def _block(joint: int, motion: SkeletonMotion, tips: dict[int, np.ndarray]) -> list[str]:
    """The lines of a joint and all below it. The root's offset is 0: its channels place it."""
    offset = offsets_from_parents(motion.rest_joints, motion.parents)[joint] * (joint > 0)
    channels = f'6 {_PLACE} {_TURN}' if joint == 0 or motion.stretches else f'3 {_TURN}'
    inside = [f'OFFSET {_text(offset)}', f'CHANNELS {channels}']
    for child in _children(joint, motion.parents):
        inside += _block(child, motion, tips)
    if joint in tips:
        inside += ['End Site', '{', f'\tOFFSET {_text(tips[joint])}', '}']
    kind = 'JOINT' if joint else 'ROOT'
    return [f'{kind} {JOINT_NAMES[joint]}', '{', *(f'\t{line}' for line in inside), '}']


def _channels(motion: SkeletonMotion, found: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Values (N, C) of all channels in the frames ``numbers``, from those where it was found."""
    rotations, places = _resample(motion, found, numbers)
    # Angles that do not jump by a whole turn from frame to frame.
    angles = np.unwrap(matrix_to_euler_zxy(rotations).numpy(), axis=0)
    columns = []
    for joint in _limb_by_limb(0, motion.parents):
        if joint == 0 or motion.stretches:
            columns.append(places[:, joint].numpy())
        columns.append(np.rad2deg(angles[:, joint]))
    return np.concatenate(columns, axis=1)


def _resample(
    motion: SkeletonMotion, found: np.ndarray, numbers: np.ndarray
) -> tuple[Tensor, Tensor]:
    """Rotations (N, J, 3, 3) and translations (N, J, 3) in the frames ``numbers``."""
    place = np.interp(numbers, found, np.arange(len(found)))
    before = torch.from_numpy(np.floor(place).astype(np.int64))
    after = torch.from_numpy(np.ceil(place).astype(np.int64))
    share = (torch.from_numpy(place) - before)[:, None]
    rotations, places = motion.rotations, motion.translations
    turned = interpolate_rotation(
        rotations[before], rotations[after], share.expand(-1, len(motion.parents))
    )
    return turned, places[before].lerp(places[after], share[..., None])


def _tips(motion: SkeletonMotion, vertex_parts: Tensor) -> dict[int, Tensor]:
    """For the joints that end a limb, the point (3,) of their part that is farthest from them."""
    ends = set(range(len(motion.parents))) - set(motion.parents)
    tips = {}
    for joint in ends:
        part = motion.rest_vertices[vertex_parts == joint] - motion.rest_joints[joint]
        tips[joint] = part[part.norm(dim=-1).argmax()]
    return tips


def _children(joint: int, parents: tuple[int, ...]) -> list[int]:
    return [child for child, parent in enumerate(parents) if parent == joint]


def _limb_by_limb(joint: int, parents: tuple[int, ...]) -> Iterator[int]:
    """Joints in the order in which the tree is written down."""
    yield joint
    for child in _children(joint, parents):
        yield from _limb_by_limb(child, parents)


def _text(values: np.ndarray | Tensor) -> str:
    return ' '.join(f'{value:.6f}' for value in values.tolist())
