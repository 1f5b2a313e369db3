"""Software rendering on the CPU: rasteriser, shading, and pictures of people over images."""

from .overlay import add_label, draw_people
from .rasterize import Canvas, Mesh, RenderOutput, render, render_depth, scale_intrinsics
from .shading import PERSON_COLORS, STUDIO_LIGHTS, Light, person_color, shade, vertex_normals
from .views import Stage, view_bodies, view_body

__all__ = [
    'PERSON_COLORS',
    'STUDIO_LIGHTS',
    'Canvas',
    'Light',
    'Mesh',
    'RenderOutput',
    'Stage',
    'add_label',
    'draw_people',
    'person_color',
    'render',
    'render_depth',
    'scale_intrinsics',
    'shade',
    'vertex_normals',
    'view_bodies',
    'view_body',
]
