"""The bodies as the 3D viewer of the page shows them."""

from pathlib import Path

import numpy as np

from dpmesh_plugin.apis import ImageMeshes
from dpmesh_plugin.apis.exporters.axes import points_to_export_axes
from dpmesh_plugin.apis.exporters.glb_file import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GLBFile
from dpmesh_plugin.rendering import person_color, vertex_normals

_DISPLAY_GAMMA = 2.2
"""Exponent from the colours of a screen to the linear ones of glTF."""

_VIEW_PER_METRE = 0.84
"""Height in m that Gradio's viewer (Babylon, 0.8 rad) shows at a distance of 1 m."""

_FILLED = 0.88
"""Share of that height that the bodies take up."""


def view_distance(meshes: ImageMeshes) -> float:
    """Distance in m from the middle of all bodies, from which the viewer shows them whole."""
    width, height, depth = np.ptp(meshes.vertices.reshape(-1, 3), axis=0)
    return float(max(width, height) / _FILLED / _VIEW_PER_METRE + depth / 2)


def write_viewer_file(meshes: ImageMeshes, path: Path) -> None:
    """Write all bodies as plain meshes, their common middle in the origin.

    The viewer frames what it shows by the vertices as they are stored, and turns it about the
    origin. The exported file stores a skinned body at rest and has the camera in the origin.

    Args:
        meshes: The bodies.
        path: The GLB file.
    """
    vertices = points_to_export_axes(meshes.vertices)
    corners = vertices.reshape(-1, 3)
    vertices = vertices - (corners.min(axis=0) + corners.max(axis=0)) / 2
    glb = GLBFile({'generator': 'dpmesh_plugin web_demo'})
    faces = meshes.faces.astype(np.uint32)
    indices = glb.add_array(faces.ravel(), target=ELEMENT_ARRAY_BUFFER)
    nodes = [
        _add_body(glb, body, faces, indices, person_color(row)) for row, body in enumerate(vertices)
    ]
    glb.content['scene'] = glb.add('scenes', nodes=nodes)
    glb.save(path)


def _add_body(
    glb: GLBFile, vertices: np.ndarray, faces: np.ndarray, indices: int, color: np.ndarray
) -> int:
    """The node of a body with vertices (V, 3)."""
    normals = vertex_normals(vertices, faces).astype(np.float32)
    surface = {
        'baseColorFactor': [*np.power(color.astype(float), _DISPLAY_GAMMA).tolist(), 1.0],
        'metallicFactor': 0.0,
        'roughnessFactor': 0.7,
    }
    primitive = {
        'attributes': {
            'POSITION': glb.add_array(
                vertices.astype(np.float32), target=ARRAY_BUFFER, bounds=True
            ),
            'NORMAL': glb.add_array(normals, target=ARRAY_BUFFER),
        },
        'indices': indices,
        'material': glb.add('materials', pbrMetallicRoughness=surface),
    }
    return glb.add('nodes', mesh=glb.add('meshes', primitives=[primitive]))
