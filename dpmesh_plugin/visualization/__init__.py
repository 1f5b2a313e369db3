"""Pictures of samples: keypoints, meshes over images, panels."""

from .keypoints import draw_keypoints
from .mesh_visualizer import MeshVisualizer
from .pictures import contact_sheet, save_image

__all__ = ['MeshVisualizer', 'contact_sheet', 'draw_keypoints', 'save_image']
