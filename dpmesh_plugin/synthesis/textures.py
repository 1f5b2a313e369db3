"""Painted surfaces: floors, ground, walls and far views.

Textures are (S, S, 3) float32 RGB in 0..1 with S = ``TEXTURE_SIDE``; the lower edge of a wall is
at the floor.
"""

import cv2
import numpy as np

from .colors import cloth_color, floor_color, hsv, leaf_color, wall_color

TEXTURE_SIDE = 128


def _noise(rng: np.random.Generator, cells: int) -> np.ndarray:
    """Smooth noise (S, S) with the given number of cells across, about -1..1."""
    small = rng.normal(0, 0.6, (cells, cells)).astype(np.float32)
    return cv2.resize(small, (TEXTURE_SIDE, TEXTURE_SIDE), interpolation=cv2.INTER_CUBIC)


def _speckle(rng: np.random.Generator) -> np.ndarray:
    """Coarse, middle and fine noise (S, S, 1) together."""
    total = 0.5 * _noise(rng, 5) + 0.3 * _noise(rng, 20) + 0.2 * _noise(rng, 80)
    return total[..., None]


def _plain(rng: np.random.Generator, color: np.ndarray, contrast: float) -> np.ndarray:
    """A colour with uneven brightness, (S, S, 3) float32."""
    return (color * (1 + contrast * _speckle(rng))).astype(np.float32)


def floor_texture(rng: np.random.Generator) -> np.ndarray:
    """Planks, tiles, carpet or screed, (S, S, 3) float32 RGB."""
    color = floor_color(rng)
    texture = _plain(rng, color, rng.uniform(0.05, 0.2))
    kind = rng.random()
    if kind < 0.4:
        width = int(rng.choice([8, 16]))
        rows = TEXTURE_SIDE // width
        texture *= np.repeat(rng.uniform(0.82, 1.12, rows), width)[:, None, None].astype(np.float32)
        texture[::width] *= 0.7
        for row in range(rows):
            texture[row * width : (row + 1) * width, rng.integers(TEXTURE_SIDE)] *= 0.7
    elif kind < 0.7:
        side = int(rng.choice([16, 32]))
        grid = np.add.outer(np.arange(TEXTURE_SIDE) // side, np.arange(TEXTURE_SIDE) // side) % 2
        other = floor_color(rng) / color.clip(0.05) if rng.random() < 0.4 else 0.95
        texture = np.where(grid[..., None] == 1, texture * other, texture).astype(np.float32)
        joint = rng.uniform(0.6, 1.2)
        texture[::side] *= joint
        texture[:, ::side] *= joint
    elif kind < 0.85:
        cv2.rectangle(texture, (24, 16), (104, 112), cloth_color(rng).tolist(), -1)
        cv2.rectangle(texture, (30, 22), (98, 106), cloth_color(rng).tolist(), 4)
    return np.clip(texture, 0, 1)


def ground_texture(rng: np.random.Generator) -> np.ndarray:
    """Grass, asphalt, sand or paving, (S, S, 3) float32 RGB."""
    kind = rng.random()
    if kind < 0.35:
        texture = _plain(rng, leaf_color(rng), 0.35)
    elif kind < 0.65:
        texture = _plain(rng, hsv(0.6, 0.04, rng.uniform(0.3, 0.6)), 0.18)
    elif kind < 0.8:
        texture = _plain(rng, hsv(0.11, 0.3, rng.uniform(0.5, 0.8)), 0.2)
    else:
        return floor_texture(rng)
    if rng.random() < 0.25:
        start, end = rng.integers(0, TEXTURE_SIDE, (2, 2)).tolist()
        cv2.line(texture, start, end, (0.9, 0.9, 0.85), 5, cv2.LINE_AA)
    return np.clip(texture, 0, 1)


def wall_texture(rng: np.random.Generator) -> np.ndarray:
    """A wall with what hangs on it, (S, S, 3) float32 RGB; the floor is at the lower edge."""
    color = wall_color(rng)
    texture = _plain(rng, color, rng.uniform(0.02, 0.1))
    kind = rng.random()
    if kind < 0.2:
        texture[:, :: int(rng.integers(6, 20))] *= rng.uniform(0.75, 0.95)
    elif kind < 0.4:
        _bricks(rng, texture)
    elif kind < 0.55:
        split = int(rng.uniform(0.5, 0.8) * TEXTURE_SIDE)
        texture[split:] *= (wall_color(rng) / color.clip(0.1)).astype(np.float32)
    for _ in range(rng.integers(0, 5)):
        _wall_item(rng, texture)
    if rng.random() < 0.6:
        texture[-int(rng.integers(4, 9)) :] = wall_color(rng) * 0.9
    gradient = np.linspace(1.05, rng.uniform(0.75, 1), TEXTURE_SIDE, dtype=np.float32)
    return np.clip(texture * gradient[:, None, None], 0, 1)


def _bricks(rng: np.random.Generator, texture: np.ndarray) -> None:
    """Draw brick joints into a texture, in place."""
    height, joint = int(rng.choice([8, 10])), rng.uniform(0.7, 1.15)
    texture[::height] *= joint
    for row in range(0, TEXTURE_SIDE, height):
        shift = height * (row // height % 2)
        texture[row : row + height, shift :: 2 * height] *= joint


def _wall_item(rng: np.random.Generator, texture: np.ndarray) -> None:
    """Draw a picture, window, door, curtain or cupboard into a wall, in place."""
    side, kind = TEXTURE_SIDE, rng.random()
    if kind < 0.35:
        low, high = (0.12, 0.1), (0.35, 0.3)
        top = rng.uniform(0.2, 0.45)
    elif kind < 0.65:
        low, high = (0.2, 0.25), (0.45, 0.45)
        top = rng.uniform(0.15, 0.35)
    else:
        low, high = (0.15, 0.5), (0.4, 0.8)
        top = 1.0
    width, height = (rng.uniform(low, high) * side).astype(int)
    left = int(rng.uniform(-0.1, 0.95) * side)
    top = int(side - height if top == 1.0 else top * side)
    corner, opposite = (left, top), (left + int(width), top + int(height))
    fill = hsv(0.56, 0.25, rng.uniform(0.6, 1)) if 0.35 < kind < 0.65 else cloth_color(rng)
    cv2.rectangle(texture, corner, opposite, fill.tolist(), -1, cv2.LINE_AA)
    patch = texture[top : opposite[1], max(left, 0) : opposite[0]]
    if patch.size:
        patch *= np.linspace(1.15, 0.8, len(patch), dtype=np.float32)[:, None, None]
    frame = cloth_color(rng) if rng.random() < 0.5 else np.full(3, rng.uniform(0.1, 0.95))
    cv2.rectangle(texture, corner, opposite, frame.tolist(), int(rng.integers(1, 4)), cv2.LINE_AA)


def far_view(rng: np.random.Generator) -> np.ndarray:
    """Sky over trees, houses or hills, (S, S, 3) float32 RGB; the ground is at the lower edge."""
    side = TEXTURE_SIDE
    zenith = hsv(rng.normal(0.58, 0.03), rng.uniform(0.05, 0.55), rng.uniform(0.6, 0.95))
    horizon = hsv(rng.uniform(0.05, 0.6), rng.uniform(0, 0.15), rng.uniform(0.75, 1))
    rise = np.linspace(1, 0, side)[:, None, None]
    view = (horizon + rise * (zenith - horizon)).astype(np.float32).repeat(side, axis=1)
    view += 0.12 * np.maximum(_noise(rng, 6), 0)[..., None]
    for _ in range(rng.integers(2, 14)):
        left, width = int(rng.uniform(-0.1, 1) * side), int(rng.uniform(0.06, 0.35) * side)
        height = int(rng.uniform(0.06, 0.4) * side)
        if rng.random() < 0.5:
            color, box = wall_color(rng) * rng.uniform(0.5, 1), (left, side - height)
            cv2.rectangle(view, box, (left + width, side), color.tolist(), -1)
            dark = (color * 0.55).tolist()
            for x in range(left + 3, left + width - 4, 8):
                for y in range(side - height + 4, side - 6, 10):
                    cv2.rectangle(view, (x, y), (x + 3, y + 4), dark, -1)
        else:
            color = (leaf_color(rng) * rng.uniform(0.4, 1)).tolist()
            axes = (width // 2 + 4, height)
            cv2.ellipse(view, (left, side), axes, 0, 0, 360, color, -1, cv2.LINE_AA)
    return np.clip(view + 0.06 * _noise(rng, 60)[..., None], 0, 1)
