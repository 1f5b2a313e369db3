"""Things that hang or are carried. The origin is where they hang or are held."""

import numpy as np

from dpmesh_plugin.synthesis.colors import cloth_color
from dpmesh_plugin.synthesis.meshes import MeshBuilder, Thing

from .parts import add_canopy, add_foliage, shades


def branch(rng: np.random.Generator) -> Thing:
    """A leafy branch that reaches into the picture."""
    builder = MeshBuilder()
    end = np.array([rng.choice([-1, 1]) * rng.uniform(0.3, 0.7), rng.uniform(-0.25, 0.3), 0.1])
    builder.tube((0, 0, 0), 3 * end, (0.012, 0.03), np.array([0.25, 0.18, 0.1]), sides=6)
    for share in np.linspace(0.0, 2.2, 7):
        add_foliage(rng, builder, share * end, 0.16, rng.integers(8, 22), 0.14)
    return builder.build()


def hanging_sign(rng: np.random.Generator) -> Thing:
    """A sign, screen or lamp that hangs from above."""
    builder = MeshBuilder()
    width, height = rng.uniform(0.25, 0.7), rng.uniform(0.15, 0.5)
    bands = np.stack([cloth_color(rng) for _ in range(rng.integers(1, 4))])
    builder.box((0, 0, 0), (width, height, 0.04), bands[0], bands=bands)
    for x in (-0.4 * width, 0.4 * width):
        builder.box((x, height / 2 + 1.5, 0), (0.015, 3, 0.015), np.full(3, 0.2))
    return builder.build()


def balloon(rng: np.random.Generator) -> Thing:
    """A ball or a bunch of balloons."""
    builder = MeshBuilder()
    for _ in range(rng.integers(1, 5)):
        center, radius = rng.normal(0, 0.16, 3), rng.uniform(0.08, 0.2)
        builder.ball(center, (radius, 1.15 * radius, radius), cloth_color(rng))
    return builder.build()


def carried_bag(rng: np.random.Generator) -> Thing:
    """A shopping bag or handbag that hangs from a hand."""
    builder, color = MeshBuilder(), cloth_color(rng)
    width, height = rng.uniform(0.22, 0.38), rng.uniform(0.24, 0.42)
    bands = shades(rng, color, rng.integers(1, 4), 0.1)
    builder.box((0, -0.16 - height / 2, 0), (0.12, height, width), color, bands=bands)
    for z in (-0.3, 0.3):
        end = (0, -0.16, z * width)
        builder.tube((0, 0, 0), end, (0.008, 0.008), color * 0.6, sides=4, closed=False)
    return builder.build()


def carried_umbrella(rng: np.random.Generator) -> Thing:
    """An open umbrella held up by a hand."""
    builder = MeshBuilder()
    builder.tube((0, -0.1, 0), (0, 0.75, 0), (0.01, 0.01), np.full(3, 0.15), sides=5)
    add_canopy(rng, builder, np.array([0, 0.55, 0]), rng.uniform(0.4, 0.55), 0.2)
    return builder.build()


def carried_box(rng: np.random.Generator) -> Thing:
    """A parcel, laptop or book around a hand."""
    builder, size = MeshBuilder(), rng.uniform([0.12, 0.02, 0.1], [0.4, 0.3, 0.35])
    builder.box((0, size[1] / 2, 0), size, cloth_color(rng))
    return builder.build()


def phone(rng: np.random.Generator) -> Thing:
    """A phone or cup in a hand."""
    builder = MeshBuilder()
    if rng.random() < 0.6:
        builder.box((0, 0.04, 0), (0.075, 0.15, 0.012), np.full(3, rng.uniform(0.05, 0.3)))
    else:
        builder.tube((0, -0.03, 0), (0, 0.09, 0), (0.03, 0.04), cloth_color(rng))
    return builder.build()
