"""Overlays of images and their files."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from dpmesh_plugin.rendering import draw_people, scale_intrinsics
from dpmesh_plugin.visualization import save_image

from .mesh_file import ImageMeshes, save_meshes

MAX_PIXELS = 16_000_000
"""Images with more pixels are drawn smaller, as drawing takes 50 bytes of memory per pixel."""


def draw_overlay(
    image: np.ndarray,
    meshes: ImageMeshes,
    *,
    colors: Sequence[np.ndarray] | None = None,
    fast: bool = False,
) -> np.ndarray:
    """All persons over the image, nearer ones in front.

    Args:
        image: (H, W, 3) uint8 RGB.
        meshes: The persons.
        colors: See :func:`~dpmesh_plugin.rendering.draw_people`.
        fast: As there.

    Returns:
        (H, W, 3) uint8 RGB; smaller for an image of more than ``MAX_PIXELS``.
    """
    factor = min(1.0, (MAX_PIXELS / (image.shape[0] * image.shape[1])) ** 0.5)
    intrinsics = meshes.intrinsics
    if factor < 1:
        width, height = (max(1, int(side * factor)) for side in image.shape[1::-1])
        intrinsics = scale_intrinsics(intrinsics, factor)
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    bodies = list(meshes.vertices)
    return draw_people(image, bodies, meshes.faces, intrinsics, colors=colors, fast=fast)


def write_image(stem: Path, meshes: ImageMeshes, picture: np.ndarray | None) -> dict[str, str]:
    """Write the files of one image; without a picture, one of an earlier run is removed.

    Args:
        stem: Their path without what tells them apart.
        meshes: The persons.
        picture: Overlay, if there is one.

    Returns:
        Their names.
    """
    files = {'meshes': f'{stem.name}.npz'}
    overlay = stem.with_name(f'{stem.name}_overlay.jpg')
    save_meshes(meshes, stem.with_name(files['meshes']))
    if picture is None:
        overlay.unlink(missing_ok=True)
    else:
        files['overlay'] = overlay.name
        save_image(picture, overlay)
    return files
