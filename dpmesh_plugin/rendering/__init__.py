"""Software rendering on the CPU: rasteriser, shading, and pictures of people over images."""

from .rasterize import Canvas, Mesh, RenderOutput, render, render_depth, scale_intrinsics

__all__ = ['Canvas', 'Mesh', 'RenderOutput', 'render', 'render_depth', 'scale_intrinsics']
