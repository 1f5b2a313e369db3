"""Putting a cut-out into a picture, and what that hides."""

from dataclasses import dataclass

import cv2
import numpy as np

from dpmesh_plugin.geometry.affine import apply_affine
from dpmesh_plugin.structures import Cutout, Visibility

# A joint is hidden where the occluder is at least this opaque.
OPAQUE = 0.5


@dataclass(frozen=True)
class Placement:
    """Where a cut-out goes.

    Args:
        centre: (2,) px of the picture.
        size: Width and height of the upright cut-out, px of the picture.
        rotation: Degrees, clockwise on the screen.
        mirrored: Whether left and right are exchanged.
        edge: Width of the soft edge: standard deviation of a blur, px.
    """

    centre: np.ndarray
    size: tuple[float, float]
    rotation: float = 0.0
    mirrored: bool = False
    edge: float = 1.0

    def matrix(self, cutout_size: tuple[int, int]) -> np.ndarray:
        """The map (2, 3) from pixels of a cut-out (w, h) to pixels of the picture."""
        angle = np.deg2rad(self.rotation)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        scale = np.array(self.size) / cutout_size * [-1 if self.mirrored else 1, 1]
        linear = turn * scale
        middle = (np.array(cutout_size) - 1) / 2
        return np.column_stack([linear, np.asarray(self.centre) - linear @ middle])


def fitted_size(cutout: Cutout, area: float) -> tuple[float, float]:
    """Width and height of a cut-out whose box has an area in px^2, in its own proportions."""
    height, width = cutout.pixels.shape[:2]
    scale = np.sqrt(area / (width * height))
    return width * scale, height * scale


def paste(image: np.ndarray, cutout: Cutout, placement: Placement) -> np.ndarray:
    """Put a cut-out into a picture, in place.

    Args:
        image: (H, W, 3) RGB, uint8 or float32 in 0..255.
        cutout: What.
        placement: Where.

    Returns:
        Opacity (H, W) float32 in 0..1.
    """
    opacity = np.zeros(image.shape[:2], np.float32)
    height, width = cutout.pixels.shape[:2]
    matrix = placement.matrix((width, height))
    ends = np.array([[-0.5, -0.5], [width, -0.5], [-0.5, height], [width, height]])
    corners = apply_affine(ends, matrix)
    margin = 3 * placement.edge + 1
    low = np.floor(corners.min(axis=0) - margin).clip(0).astype(int)
    high = np.ceil(corners.max(axis=0) + margin).clip(None, image.shape[1::-1]).astype(int)
    if (low >= high).any():
        return opacity
    matrix[:, 2] -= low
    alpha = cutout.pixels[..., 3:].astype(np.float32) / 255
    layers = np.dstack([cutout.pixels[..., :3] * alpha, alpha])
    layers = cv2.warpAffine(layers, matrix, (high - low).tolist(), flags=cv2.INTER_LINEAR)
    if placement.edge > 0:
        layers = cv2.GaussianBlur(layers, (0, 0), placement.edge)
    window = slice(low[1], high[1]), slice(low[0], high[0])
    blended = image[window] * (1 - layers[..., 3:]) + layers[..., :3]
    image[window] = np.rint(blended) if image.dtype == np.uint8 else blended
    opacity[window] = layers[..., 3]
    return opacity


def covered(opacity: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
    """Which keypoints (K, 2), px of the picture, lie under an occluder of opacity (H, W): (K,)."""
    limit = np.array(opacity.shape[::-1]) - 1
    finite = np.isfinite(keypoints).all(axis=-1)
    pixels = np.rint(np.where(finite[:, None], keypoints, -1)).clip(-1, limit + 1).astype(int)
    inside = ((pixels >= 0) & (pixels <= limit)).all(axis=-1)
    column, row = pixels.clip(0, limit).T
    return inside & (opacity[row, column] >= OPAQUE)


def joint_places(results: dict) -> tuple[np.ndarray, np.ndarray]:
    """Where the joints of a person are, as far as is known.

    Returns:
        The true joints (30, 2), px of the picture, or those of the prompt where there are none; and
        which of them are known (30,).
    """
    if 'keypoints_2d' in results:
        return results['keypoints_2d'], results['keypoints_2d_valid'] > 0
    return results['prompt_keypoints'], results['prompt_visible'] > 0


def hide_joints(results: dict, opacity: np.ndarray, cause: Visibility) -> None:
    """Note that an occluder of opacity (h, w) hides what was visible until now (in place)."""
    if 'visibility' in results:
        keypoints, known = joint_places(results)
        hidden = known & covered(opacity, keypoints)
        hidden &= results['visibility'] == Visibility.VISIBLE
        results['visibility'] = np.where(hidden, np.int8(cause), results['visibility'])
