"""Triangle meshes, one file per person and frame."""

from abc import abstractmethod
from pathlib import Path

import numpy as np
from torch import nn

from dpmesh_plugin.apis.mesh_sequence import MeshSequence
from dpmesh_plugin.registry import EXPORTERS
from dpmesh_plugin.utils.io import atomic_write

from .axes import points_to_export_axes
from .base_exporter import BaseExporter, frame_file
from .person_track import check_persons, no_persons


class MeshExporter(BaseExporter):
    """Writes the vertices and faces of every person in every frame.

    Convention: y up, metres, right-handed, the camera of the picture in the origin, looking along
    -z. Vertices keep their numbers.
    """

    suffix: str

    def export(self, sequence: MeshSequence, body_model: nn.Module, stem: Path) -> list[Path]:
        """Write ``STEM_personID.SUFFIX``, in a video ``STEM_SUFFIX/personID_FRAME.SUFFIX``."""
        paths = []
        for number, meshes in sequence.numbered_frames():
            vertices = points_to_export_axes(meshes.vertices)
            for row, person in enumerate(check_persons(meshes)):
                path = frame_file(stem, number, f'person{person}', self.suffix)
                content = self.content(vertices[row], meshes.faces)
                with atomic_write(path) as temporary:
                    temporary.write_bytes(content)
                paths.append(path)
        if not paths:
            raise no_persons(sequence)
        return paths

    @abstractmethod
    def content(self, vertices: np.ndarray, faces: np.ndarray) -> bytes:
        """The bytes of a file.

        Args:
            vertices: (V, 3) m, export axes.
            faces: (F, 3) vertex numbers.
        """


@EXPORTERS.register_module(name='obj')
class OBJExporter(MeshExporter):
    """Wavefront OBJ, one file per person and frame."""

    suffix = 'obj'

    def content(self, vertices: np.ndarray, faces: np.ndarray) -> bytes:
        """Text with micrometres; OBJ counts vertices from 1."""
        lines = ['# metres, y up']
        lines += ['v {:.6f} {:.6f} {:.6f}'.format(*point) for point in vertices.tolist()]
        lines += ['f {} {} {}'.format(*face) for face in (faces + 1).tolist()]
        return ('\n'.join(lines) + '\n').encode('ascii')


@EXPORTERS.register_module(name='ply')
class PLYExporter(MeshExporter):
    """Binary PLY, one file per person and frame."""

    suffix = 'ply'

    def content(self, vertices: np.ndarray, faces: np.ndarray) -> bytes:
        """Little-endian float32 coordinates and int32 vertex numbers."""
        header = [
            'ply',
            'format binary_little_endian 1.0',
            'comment metres, y up',
            f'element vertex {len(vertices)}',
            *(f'property float {axis}' for axis in 'xyz'),
            f'element face {len(faces)}',
            'property list uchar int vertex_indices',
            'end_header',
        ]
        triangles = np.empty(len(faces), dtype=[('count', 'u1'), ('corners', '<i4', 3)])
        triangles['count'], triangles['corners'] = 3, faces
        text = '\n'.join(header) + '\n'
        return text.encode('ascii') + vertices.astype('<f4').tobytes() + triangles.tobytes()
