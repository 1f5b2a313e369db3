"""Persons as binary glTF 2.0."""

from pathlib import Path

import numpy as np
from torch import nn

from dpmesh_plugin.apis.mesh_file import ImageMeshes
from dpmesh_plugin.apis.mesh_sequence import MeshSequence
from dpmesh_plugin.registry import EXPORTERS
from dpmesh_plugin.rendering import person_color
from dpmesh_plugin.version import __version__

from .base_exporter import BaseExporter
from .glb_file import GLBFile
from .glb_person import GLBPerson, GLBPersonWriter
from .person_track import PersonTrack, person_tracks
from .pose_correctives import pose_correctives
from .skeleton_motion import SkeletonMotion


@EXPORTERS.register_module(name='glb')
class GLBExporter(BaseExporter):
    """All persons in one file, each with skeleton, skin weights and keyframes.

    Convention: y up, metres, right-handed, the camera of the picture in the origin, looking along
    -z. The mesh at rest is the mean shape of a person; morph targets hold what skinning does not
    show (see :func:`~.pose_correctives.pose_correctives`). A photograph has one keyframe.

    Args:
        tolerance: How far a vertex may be from its place for want of morph targets, m.
        max_targets: Largest number of morph targets of a person; the tolerance yields to it.
    """

    def __init__(self, *, tolerance: float = 0.001, max_targets: int = 64) -> None:
        self.tolerance = tolerance
        self.max_targets = max_targets

    def export(self, sequence: MeshSequence, body_model: nn.Module, stem: Path) -> list[Path]:
        """Write ``STEM.glb``; see :class:`BaseExporter`."""
        tracks = person_tracks(sequence, body_model)
        extras = {'source': sequence.name, 'body_model_id': body_model.model_id}
        glb = GLBFile({'generator': f'dpmesh_plugin {__version__}', 'extras': extras})
        writer = GLBPersonWriter(
            glb=glb,
            faces=body_model.faces.numpy(),
            weights=body_model.layers['neutral'].weights.T.numpy(),
        )
        nodes = [
            writer.add(self._person(track, row, sequence, body_model))
            for row, track in enumerate(tracks)
        ]
        nodes.append(_add_camera(glb, sequence.frames[0]))
        glb.content['scene'] = glb.add('scenes', name=sequence.name, nodes=nodes)
        path = stem.with_name(f'{stem.name}.glb')
        glb.save(path)
        return [path]

    def _person(
        self, track: PersonTrack, row: int, sequence: MeshSequence, body_model: nn.Module
    ) -> GLBPerson:
        targets, weights = pose_correctives(
            track, body_model, tolerance=self.tolerance, limit=self.max_targets
        )
        return GLBPerson(
            name=f'person_{track.person_id}',
            motion=SkeletonMotion.of_track(track, body_model),
            targets=targets,
            target_weights=weights,
            seconds=sequence.seconds(track.numbers),
            shown=_changes_of_presence(track, sequence),
            color=person_color(row),
            extras={'person_id': track.person_id, 'betas': track.betas.mean(0).tolist()},
        )


def _changes_of_presence(
    track: PersonTrack, sequence: MeshSequence
) -> tuple[np.ndarray, np.ndarray]:
    """Times (S,) s from which the person is there or not, and which of the two (S,) bool."""
    numbers = np.arange(sequence.numbers[0], sequence.numbers[-1] + 1)
    present = np.isin(numbers, track.numbers)
    starts = np.concatenate([[True], present[1:] != present[:-1]])
    return sequence.seconds(numbers[starts]), present[starts]


def _add_camera(glb: GLBFile, meshes: ImageMeshes) -> int:
    """The camera of the picture; glTF's has its principal point in the middle."""
    (width, height), intrinsics = meshes.image_size, meshes.intrinsics
    extent_x, extent_y = width / intrinsics[0, 0], height / intrinsics[1, 1]
    perspective = {
        'aspectRatio': float(extent_x / extent_y),
        'yfov': float(2 * np.arctan(extent_y / 2)),
        'znear': 0.1,
    }
    camera = glb.add('cameras', type='perspective', perspective=perspective)
    return glb.add('nodes', name='camera', camera=camera)
