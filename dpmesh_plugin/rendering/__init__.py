"""Software rendering on the CPU: rasteriser, shading, and pictures of people over images."""

from .overlay import add_label, draw_people, view_body
from .rasterize import Canvas, Mesh, RenderOutput, render, render_depth, scale_intrinsics
from .shading import PERSON_COLORS, STUDIO_LIGHTS, Light, person_color, shade, vertex_normals

__all__ = [
    'PERSON_COLORS',
    'STUDIO_LIGHTS',
    'Canvas',
    'Light',
    'Mesh',
    'RenderOutput',
    'add_label',
    'draw_people',
    'person_color',
    'render',
    'render_depth',
    'scale_intrinsics',
    'shade',
    'vertex_normals',
    'view_body',
]
