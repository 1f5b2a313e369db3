"""Pictures of samples and bodies: keypoints, meshes over images, panels, views, animations."""

from .animations import save_animation
from .body_views import body_views, turntable
from .keypoints import draw_keypoints
from .mesh_visualizer import MeshVisualizer
from .pictures import contact_sheet, save_image

__all__ = [
    'MeshVisualizer',
    'body_views',
    'contact_sheet',
    'draw_keypoints',
    'save_animation',
    'save_image',
    'turntable',
]
