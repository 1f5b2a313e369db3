"""Pictures of samples and bodies: keypoints, meshes over images, panels, views, attention."""

from .animations import save_animation
from .attention import TokenAttention, attention_distribution, token_visibility
from .attention_sheet import draw_attention
from .body_views import body_views, turntable
from .keypoints import draw_keypoints
from .mesh_visualizer import MeshVisualizer
from .pictures import contact_sheet, save_image

__all__ = [
    'MeshVisualizer',
    'TokenAttention',
    'attention_distribution',
    'body_views',
    'contact_sheet',
    'draw_attention',
    'draw_keypoints',
    'save_animation',
    'save_image',
    'token_visibility',
    'turntable',
]
