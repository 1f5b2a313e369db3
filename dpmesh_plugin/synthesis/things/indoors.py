"""Furniture and luggage. Each stands on the floor (y = 0) around the origin."""

import numpy as np

from dpmesh_plugin.synthesis.colors import cloth_color, leaf_color, thing_color, wall_color
from dpmesh_plugin.synthesis.meshes import MeshBuilder, Thing
from dpmesh_plugin.synthesis.rotations import axis_turns

from .parts import add_foliage, shades


def crate(rng: np.random.Generator) -> Thing:
    """A wooden crate or cardboard box, sometimes two stacked."""
    builder, height = MeshBuilder(), 0.0
    for _ in range(rng.choice([1, 2], p=[0.65, 0.35])):
        size = rng.uniform([0.4, 0.3, 0.35], [0.95, 0.7, 0.8])
        bands = shades(rng, thing_color(rng), rng.integers(1, 6), 0.15)
        turn = axis_turns('y', rng.uniform(-12, 12))
        builder.box((0, height + size[1] / 2, 0), size, bands[0], bands=bands, rotation=turn)
        height += size[1]
    return builder.build()


def table(rng: np.random.Generator) -> Thing:
    """A table with four legs, or a desk with a front panel; sometimes with things on it."""
    builder, color = MeshBuilder(), thing_color(rng)
    width, height, depth = rng.uniform([0.8, 0.68, 0.5], [1.7, 1.02, 0.85])
    builder.box((0, height, 0), (width, 0.05, depth), color)
    for x in (-0.46, 0.46):
        for z in (-0.44, 0.44):
            builder.box((x * width, height / 2, z * depth), (0.05, height, 0.05), color * 0.85)
    if rng.random() < 0.35:
        panel = (0, 0.55 * height, 0.42 * depth)
        builder.box(panel, (0.95 * width, 0.75 * height, 0.03), thing_color(rng))
    for _ in range(rng.integers(0, 4)):
        x, z = rng.uniform(-0.4, 0.4) * width, rng.uniform(-0.35, 0.35) * depth
        size = rng.uniform(0.08, 0.32)
        if rng.random() < 0.5:
            builder.box((x, height + size / 2, z), (0.9 * size, size, 0.5 * size), cloth_color(rng))
        else:
            radii = tuple(size * rng.uniform(0.15, 0.3, 4))
            builder.tube((x, height, z), (x, height + size, z), radii, cloth_color(rng))
    return builder.build()


def chair(rng: np.random.Generator) -> Thing:
    """A chair with a solid or barred back; the sitter would face +z."""
    builder, color = MeshBuilder(), thing_color(rng)
    width, height, back = rng.uniform([0.42, 0.42, 0.4], [0.52, 0.5, 0.65])
    builder.box((0, height, 0), (width, 0.06, width), color)
    for x in (-0.45, 0.45):
        for z in (-0.45, 0.45):
            builder.box((x * width, height / 2, z * width), (0.04, height, 0.04), color * 0.8)
        post = (x * width, height + back / 2, -0.47 * width)
        builder.box(post, (0.04, back, 0.04), color * 0.9)
    if rng.random() < 0.5:
        builder.box((0, height + 0.65 * back, -0.47 * width), (width, 0.6 * back, 0.04), color)
    else:
        for step in np.linspace(0.3, 0.95, rng.integers(2, 5)):
            builder.box((0, height + step * back, -0.47 * width), (width, 0.06, 0.03), color)
    return builder.build()


def armchair(rng: np.random.Generator) -> Thing:
    """An armchair or sofa with arm rests."""
    builder, color = MeshBuilder(), cloth_color(rng)
    width = rng.choice([rng.uniform(0.6, 0.8), rng.uniform(1.2, 1.9)])
    arm, back = rng.uniform(0.5, 0.65), rng.uniform(0.7, 0.95)
    builder.box((0, 0.21, 0), (width, 0.42, 0.75), color)
    builder.box((0, back / 2, -0.4), (width + 0.3, back, 0.16), color * 0.92)
    for side in (-1, 1):
        builder.box((side * (width / 2 + 0.08), arm / 2, 0), (0.16, arm, 0.78), color * 0.85)
    return builder.build()


def shelf(rng: np.random.Generator) -> Thing:
    """A shelf with things on its boards."""
    builder, color = MeshBuilder(), thing_color(rng)
    width, height, levels = rng.uniform(0.5, 1.0), rng.uniform(0.8, 1.9), rng.integers(2, 5)
    for x in (-0.5, 0.5):
        builder.box((x * width, height / 2, 0), (0.03, height, 0.28), color * 0.9)
    for level in np.linspace(0.05, height, levels + 1):
        builder.box((0, level, 0), (width, 0.03, 0.28), color)
    gap = height / levels
    for level in range(levels):
        for x in np.linspace(-0.38, 0.38, rng.integers(1, 5)):
            tall = gap * rng.uniform(0.3, 0.8)
            center = (x * width, 0.06 + level * gap + tall / 2, 0)
            builder.box(center, (0.14 * width, tall, 0.18), cloth_color(rng))
    return builder.build()


def suitcase(rng: np.random.Generator) -> Thing:
    """A suitcase, travel bag or rucksack on the floor."""
    builder, color = MeshBuilder(), cloth_color(rng)
    width, height, depth = rng.uniform([0.3, 0.4, 0.18], [0.5, 0.75, 0.32])
    if rng.random() < 0.5:
        bands = shades(rng, color, rng.integers(1, 7), 0.08)
        builder.box((0, height / 2 + 0.04, 0), (width, height, depth), color, bands=bands)
        for x in (-0.3, 0.3):
            builder.box((x * width, height + 0.2, -0.05), (0.015, 0.4, 0.015), color * 0.4)
        builder.box((0, height + 0.4, -0.05), (0.62 * width, 0.03, 0.03), color * 0.4)
    else:
        rough = rng.uniform(0.9, 1.1, (7, 12))
        size = (0.6 * width, 0.5 * height, 0.6 * depth)
        builder.ball((0, 0.48 * height, 0), size, color, roughness=rough)
        pocket = (0, 0.35 * height, 0.45 * depth)
        builder.ball(pocket, (0.35 * width, 0.22 * height, 0.25 * depth), color * 0.8)
    return builder.build()


def plant(rng: np.random.Generator) -> Thing:
    """A plant in a pot, bushy or with long upright leaves."""
    builder, pot = MeshBuilder(), rng.uniform(0.2, 0.45)
    radii = (0.34 * pot, 0.42 * pot, 0.48 * pot)
    builder.tube((0, 0, 0), (0, pot, 0), radii, thing_color(rng), sides=14)
    if rng.random() < 0.5:
        radius = rng.uniform(0.25, 0.5)
        add_foliage(
            rng, builder, np.array([0, pot + 0.9 * radius, 0]), radius, rng.integers(60, 160), 0.2
        )
    else:
        count, length = rng.integers(12, 30), rng.uniform(0.5, 1.3)
        spread = rng.normal(0, 0.28, (count, 3)) * [1, 0, 1]
        axes = (np.array([0, 1, 0]) + spread) * length * rng.uniform(0.5, 1.1, (count, 1))
        across = np.cross(axes, rng.normal(size=(count, 3)))
        across *= rng.uniform(0.02, 0.06) / np.linalg.norm(across, axis=1, keepdims=True)
        colors = leaf_color(rng) * rng.uniform(0.7, 1.3, (count, 1))
        starts = np.tile([0, pot, 0], (count, 1))
        builder.leaves(starts, axes, across, colors)
    return builder.build()


def window_bars(rng: np.random.Generator) -> Thing:
    """Tall bars or a window frame in front of the view."""
    builder, color = MeshBuilder(), thing_color(rng)
    gap, thickness = rng.uniform(0.35, 0.9), rng.uniform(0.02, 0.07)
    for x in np.arange(-1.6, 1.61, gap):
        builder.box((x, 1.5, 0), (thickness, 3, thickness), color)
    for y in rng.uniform(0.2, 2.2, rng.integers(1, 3)):
        builder.box((0, y, 0.01), (3.4, 1.3 * thickness, thickness), color * 0.9)
    return builder.build()


def low_wall(rng: np.random.Generator) -> Thing:
    """A low wall, counter or the edge of a high one."""
    builder = MeshBuilder()
    height = rng.uniform(0.35, 1.15) if rng.random() < 0.7 else 2.6
    width = rng.uniform(0.6, 2.4) if height < 2 else rng.uniform(0.4, 0.9)
    bands = shades(rng, wall_color(rng), rng.integers(1, 9), 0.08)
    builder.box((0, height / 2, 0), (width, height, rng.uniform(0.08, 0.3)), bands[0], bands=bands)
    if height < 2 and rng.random() < 0.6:
        builder.box((0, height + 0.02, 0), (width + 0.08, 0.05, 0.36), thing_color(rng))
    return builder.build()
