"""What lies behind the people: a floor with shadows, walls or a far view, out of focus."""

from dataclasses import dataclass

import cv2
import numpy as np

from .camera import Camera
from .textures import far_view, floor_texture, ground_texture, wall_texture

# Metres of floor or wall that one texture covers before it is mirrored.
FLOOR_TEXTURE_METRES = (1.6, 4.0)
WALL_TEXTURE_METRES = (2.5, 5.0)
# Furthest floor that is drawn, metres; the wall covers what lies beyond.
MAX_DISTANCE = np.float32(60.0)
OUTDOORS_SHARE = 0.4


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """A picture and the depth of every pixel of it.

    Args:
        color: (H, W, 3) uint8 RGB.
        distance: (H, W) float32 camera depth in metres.
        floor: (H, W) bool, where the floor is seen.
        floor_x: (H, W) float32 world x of the floor.
        floor_z: (H, W) float32 world z of the floor.
    """

    color: np.ndarray
    distance: np.ndarray
    floor: np.ndarray
    floor_x: np.ndarray
    floor_z: np.ndarray


@dataclass(frozen=True)
class _Wall:
    """A vertical plane: turn of its normal about y (radians), distance, texture, its metres."""

    yaw: float
    distance: float
    texture: np.ndarray
    scale: float


def paint_backdrop(rng: np.random.Generator, camera: Camera, wall_distance: float) -> Backdrop:
    """Floor and walls of a room, or ground and far view, around the camera.

    Args:
        rng: Source of randomness.
        camera: The camera.
        wall_distance: Horizontal metres from the camera to the nearest wall.
    """
    outdoors = rng.random() < OUTDOORS_SHARE
    walls = _far_walls(rng, wall_distance) if outdoors else _room_walls(rng, wall_distance)
    ground = ground_texture(rng) if outdoors else floor_texture(rng)
    rays = camera.rays()
    distance = np.minimum(-camera.height / np.minimum(rays[1], -1e-4), MAX_DISTANCE)
    floor_x, floor_z = rays[0] * distance, rays[2] * distance
    turn, scale = rng.uniform(0, np.pi), rng.uniform(*FLOOR_TEXTURE_METRES)
    cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    x, y = floor_x * cosine - floor_z * sine, floor_x * sine + floor_z * cosine
    color = sample_texture(ground, x, y, scale)
    floor = rays[1] < 0
    for wall in walls:
        wall_color, wall_depth = _paint_wall(rays, camera.height, wall)
        nearer = wall_depth < distance
        cv2.copyTo(wall_color, nearer.view(np.uint8), color)
        distance = np.where(nearer, wall_depth, distance)
        floor &= ~nearer
    return Backdrop(color=color, distance=distance, floor=floor, floor_x=floor_x, floor_z=floor_z)


def _room_walls(rng: np.random.Generator, distance: float) -> list[_Wall]:
    """One wall across the view, or two that meet in a corner."""
    yaw = np.deg2rad(rng.normal(0, 22))
    walls = [_Wall(yaw, distance, wall_texture(rng), rng.uniform(*WALL_TEXTURE_METRES))]
    if rng.random() < 0.45:
        side = yaw + rng.choice([-0.5, 0.5]) * np.pi
        nearer = distance * rng.uniform(0.35, 0.8)
        walls.append(_Wall(side, nearer, wall_texture(rng), rng.uniform(*WALL_TEXTURE_METRES)))
    return walls


def _far_walls(rng: np.random.Generator, distance: float) -> list[_Wall]:
    """A far view on one distant plane."""
    distance = max(distance, rng.uniform(7, 30))
    return [_Wall(np.deg2rad(rng.normal(0, 12)), distance, far_view(rng), 2.2 * distance)]


def blur_far(color: np.ndarray, distance: np.ndarray, focus: float, sigma: float) -> np.ndarray:
    """Blur what lies well behind the focus distance (metres), the more the farther."""
    if sigma < 0.4:
        return color
    share = np.clip((distance / focus - 1.15) / 0.5, 0, 1)[..., None].astype(np.float32)
    return color + share * (cv2.GaussianBlur(color, (0, 0), sigma) - color)


def sample_texture(texture: np.ndarray, x: np.ndarray, y: np.ndarray, scale: float) -> np.ndarray:
    """Colours of a texture that covers ``scale`` metres and is mirrored beyond them.

    Args:
        texture: (S, S, 3) float32 in 0..1.
        x: (H, W) float32 metres to the right; ``y`` downwards.
        y: (H, W) likewise.
        scale: Metres that one texture covers.

    Returns:
        (H, W, 3) uint8.
    """
    size = len(texture)
    tile = (texture * 255).astype(np.uint8)
    tile = cv2.copyMakeBorder(tile, 0, size + 1, 0, size + 1, cv2.BORDER_REFLECT)
    step, period = np.float32(size / scale), np.float32(2 * size)
    u, v = x * step, y * step
    # Folding here is several times quicker than OpenCV's border modes.
    u -= period * np.floor(u / period)
    v -= period * np.floor(v / period)
    return cv2.remap(tile, u, v, cv2.INTER_LINEAR)


def _paint_wall(
    rays: tuple[np.ndarray, ...], height: float, wall: _Wall
) -> tuple[np.ndarray, np.ndarray]:
    """Colours (H, W, 3) uint8 and depth (H, W) of a wall; infinite depth where it is not seen."""
    sine, cosine = np.float32(np.sin(wall.yaw)), np.float32(np.cos(wall.yaw))
    facing = rays[0] * sine - rays[2] * cosine
    seen = np.minimum(np.float32(wall.distance) / np.maximum(facing, 1e-3), MAX_DISTANCE)
    along = (rays[0] * cosine + rays[2] * sine) * seen + np.float32(0.5 * wall.scale)
    # Above its upper edge a wall goes on as it ends there.
    down = np.clip(np.float32(wall.scale - height) - rays[1] * seen, 0, wall.scale * 0.999)
    color = sample_texture(wall.texture, along, down, wall.scale)
    return color, seen
