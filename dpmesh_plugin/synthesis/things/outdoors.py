"""Things of streets and gardens. Each stands on the floor (y = 0) around the origin."""

import numpy as np

from dpmesh_plugin.synthesis.colors import cloth_color, leaf_color, thing_color, wall_color
from dpmesh_plugin.synthesis.meshes import MeshBuilder, Thing

from .parts import add_canopy, add_foliage, shades


def pillar(rng: np.random.Generator) -> Thing:
    """A round or square pillar or a lamp post."""
    builder, radius = MeshBuilder(), rng.uniform(0.04, 0.2)
    color = wall_color(rng) if rng.random() < 0.6 else thing_color(rng)
    if rng.random() < 0.5:
        builder.tube((0, 0, 0), (0, 4, 0), (radius, radius), color, sides=16)
    else:
        bands = shades(rng, color, rng.integers(1, 14), 0.05)
        builder.box((0, 2, 0), (2 * radius, 4, 1.6 * radius), color, bands=bands)
    builder.box((0, 0.06, 0), (2.6 * radius, 0.12, 2.6 * radius), color * 0.8)
    return builder.build()


def tree(rng: np.random.Generator) -> Thing:
    """A tree trunk with a few branches and low leaves."""
    builder, radius = MeshBuilder(), rng.uniform(0.06, 0.16)
    bark = thing_color(rng) * 0.6
    lean = rng.normal(0, 0.12, 2)
    top = (lean[0], 3.2, lean[1])
    builder.tube((0, 0, 0), top, tuple(radius * np.linspace(1.25, 0.8, 5)), bark, sides=10)
    for _ in range(rng.integers(1, 4)):
        height = rng.uniform(0.9, 2.2)
        end = np.append(
            rng.normal(0, 0.45, 1), [height + rng.uniform(0.1, 0.6), rng.normal(0, 0.3)]
        )
        builder.tube((lean[0] * height / 3, height, 0), end, (0.03, 0.012), bark, sides=6)
        add_foliage(rng, builder, end, 0.3, rng.integers(15, 50))
    return builder.build()


def hedge(rng: np.random.Generator) -> Thing:
    """A row of bushes."""
    builder, color = MeshBuilder(), leaf_color(rng)
    width, height = rng.uniform(0.6, 1.8), rng.uniform(0.4, 1.0)
    for x in np.linspace(-width / 2, width / 2, rng.integers(2, 5)):
        rough = rng.uniform(0.75, 1.2, (7, 12))
        size = (0.4, 0.55 * height, 0.3)
        builder.ball((x, 0.5 * height, 0), size, color * rng.uniform(0.7, 1), roughness=rough)
        add_foliage(rng, builder, np.array([x, 0.55 * height, 0]), 0.45 * height, 40, 0.13)
    return builder.build()


def fence(rng: np.random.Generator) -> Thing:
    """A fence, railing or ladder-like barrier of bars."""
    builder, color = MeshBuilder(), thing_color(rng)
    width, height, gap = rng.uniform([1.0, 0.7, 0.09], [2.6, 1.35, 0.28])
    thickness = rng.uniform(0.015, 0.06)
    for y in (0.08, height - 0.06):
        builder.box((0, y, 0), (width, 0.05, 0.04), color * 0.9)
    for x in np.arange(-width / 2, width / 2 + 1e-6, gap):
        builder.box((x, height / 2, 0.02), (thickness, height, thickness), color)
    return builder.build()


def board(rng: np.random.Generator) -> Thing:
    """A sign on a post, an easel or a standing banner."""
    builder, post = MeshBuilder(), thing_color(rng)
    low, height, width = rng.uniform([0.05, 0.35, 0.3], [1.3, 1.2, 0.9])
    bands = np.stack([cloth_color(rng) for _ in range(rng.integers(1, 5))])
    builder.box((0, low + height / 2, 0), (width, height, 0.03), bands[0], bands=bands)
    for x in (-0.4 * width, 0.4 * width) if rng.random() < 0.5 else (0.0,):
        builder.box((x, (low + height) / 2, -0.03), (0.05, low + height, 0.04), post)
    return builder.build()


def bin_or_barrel(rng: np.random.Generator) -> Thing:
    """A litter bin, barrel, bollard or traffic cone."""
    builder, color = MeshBuilder(), cloth_color(rng)
    radius, height = rng.uniform(0.14, 0.34), rng.uniform(0.5, 1.1)
    if rng.random() < 0.25:
        bands = np.where((np.arange(6) % 2 == 0)[:, None], [0.9, 0.35, 0.1], [0.95, 0.95, 0.95])
        builder.box((0, 0.02, 0), (0.42, 0.04, 0.42), bands[0] * 0.5)
        builder.tube((0, 0.04, 0), (0, 0.75, 0), tuple(np.linspace(0.17, 0.03, 6)), bands)
        return builder.build()
    bulge = radius * (1 + rng.uniform(0, 0.15) * np.sin(np.linspace(0, np.pi, 6)))
    bands = shades(rng, color, 6, 0.12)
    builder.tube((0, 0, 0), (0, height, 0), tuple(bulge), bands, sides=16)
    return builder.build()


def parasol(rng: np.random.Generator) -> Thing:
    """A standing parasol."""
    builder = MeshBuilder()
    rim = rng.uniform(1.25, 1.9)
    builder.tube((0, 0, 0), (0, rim + 0.35, 0), (0.022, 0.022), thing_color(rng), sides=6)
    add_canopy(rng, builder, np.array([0, rim, 0]), rng.uniform(0.6, 1.1), 0.35)
    return builder.build()


def bicycle(rng: np.random.Generator) -> Thing:
    """A bicycle seen as two wheels and a frame."""
    builder, color = MeshBuilder(), cloth_color(rng)
    black = np.full(3, 0.08)
    for x in (-0.52, 0.52):
        builder.ring((x, 0.34, 0), 0.33, 0.018, black)
        angles = np.arange(8) * np.pi / 4
        spokes = 0.33 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
        across = np.stack([-np.sin(angles), np.cos(angles), 0 * angles], axis=1) * 0.006
        hub = np.tile([x, 0.34, 0], (8, 1))
        builder.leaves(hub, spokes, across, np.full((8, 3), 0.5))
    joints = [
        (-0.52, 0.34),
        (-0.18, 0.32),
        (0.42, 0.62),
        (0.38, 0.78),
        (-0.25, 0.68),
        (-0.28, 0.84),
    ]
    points = [(x, y, 0.0) for x, y in joints]
    for a, b in ((0, 1), (1, 2), (2, 4), (1, 4), (0, 4), (2, 3), (4, 5)):
        builder.tube(points[a], points[b], (0.018, 0.018), color, sides=6, closed=False)
    builder.tube((0.52, 0.34, 0), points[3], (0.016, 0.016), color, sides=6, closed=False)
    builder.box((-0.3, 0.87, 0), (0.26, 0.05, 0.12), black)
    builder.tube((0.4, 0.92, -0.26), (0.4, 0.92, 0.26), (0.014, 0.014), black, sides=5)
    builder.tube(points[3], (0.4, 0.92, 0), (0.014, 0.014), black, sides=5)
    return builder.build()
