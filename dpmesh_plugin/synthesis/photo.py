"""Light on a scene and what a camera makes of the picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from dpmesh_plugin.rendering import Light

from .camera import Camera


@dataclass(frozen=True, kw_only=True)
class Lighting:
    """Lights of a scene.

    Args:
        to_key: (3,) world direction to the strongest light, y up.
        lights: The lights in camera axes.
        ambient: RGB (3,) from everywhere.
        softness: Width of half shadows on the floor, metres.
        shadow: Darkness of a full shadow, 0..1.
    """

    to_key: np.ndarray
    lights: tuple[Light, ...]
    ambient: np.ndarray
    softness: float
    shadow: float


def sample_lighting(rng: np.random.Generator, camera: Camera) -> Lighting:
    """A key light from above, a weak fill light and ambient light of slightly different tints."""
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.deg2rad(rng.uniform(28, 80))
    flat = np.cos(elevation)
    to_key = np.array([flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth)])
    to_fill = np.array([-to_key[0], 0.3, 1.0])
    warmth = rng.normal(0, 0.05)
    key = rng.uniform(0.4, 0.72) * np.array([1 + warmth, 1, 1 - warmth])
    ambient = rng.uniform(0.32, 0.55) * np.array([1 - warmth, 1, 1 + warmth])
    fill = rng.uniform(0.05, 0.25) * np.ones(3)
    lights = tuple(
        Light(tuple(camera.rotation @ direction), tuple(color), wrap)
        for direction, color, wrap in ((to_key, key, rng.uniform(0, 0.4)), (to_fill, fill, 0.5))
    )
    return Lighting(
        to_key=to_key,
        lights=lights,
        ambient=ambient,
        softness=float(rng.uniform(0.02, 0.16)),
        shadow=float(rng.uniform(0.3, 0.7)),
    )


def develop(rng: np.random.Generator, color: np.ndarray) -> np.ndarray:
    """Exposure, contrast, white balance, vignette, softness and grain.

    Args:
        rng: Source of randomness.
        color: (H, W, 3) float32 RGB in 0..1.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    side = len(color)
    contrast = rng.uniform(0.85, 1.15)
    gain = rng.uniform(0.85, 1.2) * rng.uniform(0.95, 1.05, 3) * contrast
    picture = color * gain.astype(np.float32)
    picture += np.float32(0.5 - 0.5 * contrast)
    if rng.random() < 0.4:
        steps = np.linspace(-1, 1, side, dtype=np.float32) ** 2
        vignette = 1 - np.float32(rng.uniform(0, 0.18)) * np.add.outer(steps, steps)
        picture *= vignette[..., None]
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.8) * side / 256)
    grain = rng.standard_normal((side, side), np.float32) * np.float32(rng.uniform(0, 0.02))
    picture += grain[..., None]
    return cv2.convertScaleAbs(picture.clip(0), alpha=255)
