"""Things that stand between the camera and a person, or behind.

Every builder takes a generator and returns a thing that stands on the floor (y = 0) around the
origin; hanging and carried things hang from the origin.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from .colors import cloth_color, leaf_color, thing_color, wall_color
from .meshes import MeshBuilder, Thing
from .rotations import axis_turns

Builder = Callable[[np.random.Generator], Thing]


def _shades(rng: np.random.Generator, color: np.ndarray, count: int, spread: float) -> np.ndarray:
    """``count`` brighter and darker versions (count, 3) of one colour."""
    return color * rng.uniform(1 - spread, 1 + spread, (count, 1))


def crate(rng: np.random.Generator) -> Thing:
    """A wooden crate or cardboard box, sometimes two stacked."""
    builder, height = MeshBuilder(), 0.0
    for _ in range(rng.choice([1, 2], p=[0.65, 0.35])):
        size = rng.uniform([0.4, 0.3, 0.35], [0.95, 0.7, 0.8])
        bands = _shades(rng, thing_color(rng), rng.integers(1, 6), 0.15)
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


def pillar(rng: np.random.Generator) -> Thing:
    """A round or square pillar or a lamp post."""
    builder, radius = MeshBuilder(), rng.uniform(0.04, 0.2)
    color = wall_color(rng) if rng.random() < 0.6 else thing_color(rng)
    if rng.random() < 0.5:
        builder.tube((0, 0, 0), (0, 4, 0), (radius, radius), color, sides=16)
    else:
        bands = _shades(rng, color, rng.integers(1, 14), 0.05)
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
        _foliage(rng, builder, end, 0.3, rng.integers(15, 50))
    return builder.build()


def _foliage(
    rng: np.random.Generator,
    builder: MeshBuilder,
    center: np.ndarray,
    radius: float,
    count: int,
    length: float = 0.16,
) -> None:
    """Leaves around a centre that point away from it."""
    directions = rng.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    starts = center + directions * radius * rng.uniform(0.2, 1, (count, 1))
    axes = (
        (directions + rng.normal(0, 0.5, (count, 3))) * length * rng.uniform(0.5, 1.3, (count, 1))
    )
    across = np.cross(axes, rng.normal(size=(count, 3)))
    across *= 0.3 * length / np.linalg.norm(across, axis=1, keepdims=True)
    colors = leaf_color(rng) * rng.uniform(0.6, 1.35, (count, 1))
    builder.leaves(starts, axes, across, colors)


def plant(rng: np.random.Generator) -> Thing:
    """A plant in a pot, bushy or with long upright leaves."""
    builder, pot = MeshBuilder(), rng.uniform(0.2, 0.45)
    radii = (0.34 * pot, 0.42 * pot, 0.48 * pot)
    builder.tube((0, 0, 0), (0, pot, 0), radii, thing_color(rng), sides=14)
    if rng.random() < 0.5:
        radius = rng.uniform(0.25, 0.5)
        _foliage(
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


def hedge(rng: np.random.Generator) -> Thing:
    """A row of bushes."""
    builder, color = MeshBuilder(), leaf_color(rng)
    width, height = rng.uniform(0.6, 1.8), rng.uniform(0.4, 1.0)
    for x in np.linspace(-width / 2, width / 2, rng.integers(2, 5)):
        rough = rng.uniform(0.75, 1.2, (7, 12))
        size = (0.4, 0.55 * height, 0.3)
        builder.ball((x, 0.5 * height, 0), size, color * rng.uniform(0.7, 1), roughness=rough)
        _foliage(rng, builder, np.array([x, 0.55 * height, 0]), 0.45 * height, 40, 0.13)
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
    bands = _shades(rng, wall_color(rng), rng.integers(1, 9), 0.08)
    builder.box((0, height / 2, 0), (width, height, rng.uniform(0.08, 0.3)), bands[0], bands=bands)
    if height < 2 and rng.random() < 0.6:
        builder.box((0, height + 0.02, 0), (width + 0.08, 0.05, 0.36), thing_color(rng))
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
    bands = _shades(rng, color, 6, 0.12)
    builder.tube((0, 0, 0), (0, height, 0), tuple(bulge), bands, sides=16)
    return builder.build()


def suitcase(rng: np.random.Generator) -> Thing:
    """A suitcase, travel bag or rucksack on the floor."""
    builder, color = MeshBuilder(), cloth_color(rng)
    width, height, depth = rng.uniform([0.3, 0.4, 0.18], [0.5, 0.75, 0.32])
    if rng.random() < 0.5:
        bands = _shades(rng, color, rng.integers(1, 7), 0.08)
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


def parasol(rng: np.random.Generator) -> Thing:
    """A standing parasol."""
    builder = MeshBuilder()
    rim = rng.uniform(1.25, 1.9)
    builder.tube((0, 0, 0), (0, rim + 0.35, 0), (0.022, 0.022), thing_color(rng), sides=6)
    _canopy(rng, builder, np.array([0, rim, 0]), rng.uniform(0.6, 1.1), 0.35)
    return builder.build()


def _canopy(
    rng: np.random.Generator, builder: MeshBuilder, rim: np.ndarray, radius: float, height: float
) -> None:
    """The cloth of an umbrella above the centre of its rim."""
    radii = tuple(radius * np.sqrt(np.linspace(1, 0.001, 5)))
    colors = np.stack([cloth_color(rng)] * 5) * np.linspace(0.9, 1.05, 5)[:, None]
    builder.tube(rim, rim + np.array([0, height, 0]), radii, colors, sides=10, closed=False)


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


def bicycle(rng: np.random.Generator) -> Thing:
    """A bicycle seen as two wheels and a frame."""
    builder, color = MeshBuilder(), cloth_color(rng)
    black = np.full(3, 0.08)
    angles = np.linspace(0, 2 * np.pi, 17)
    for x in (-0.52, 0.52):
        rim = np.stack(
            [x + 0.33 * np.cos(angles), 0.34 + 0.33 * np.sin(angles), 0 * angles], axis=1
        )
        for start, end in pairwise(rim):
            builder.tube(start, end, (0.018, 0.018), black, sides=5, closed=False)
        for spoke in rim[:-1:2]:
            builder.tube((x, 0.34, 0), spoke, (0.004, 0.004), black + 0.4, sides=3, closed=False)
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


STANDING: dict[str, Builder] = {
    function.__name__: function
    for function in (
        crate, table, chair, armchair, pillar, tree, plant, hedge, fence, window_bars, low_wall,
        board, bin_or_barrel, suitcase, parasol, shelf, bicycle,
    )
}  # fmt: skip


def branch(rng: np.random.Generator) -> Thing:
    """A leafy branch that reaches into the picture."""
    builder = MeshBuilder()
    end = np.array([rng.choice([-1, 1]) * rng.uniform(0.3, 0.7), rng.uniform(-0.25, 0.3), 0.1])
    builder.tube((0, 0, 0), 3 * end, (0.012, 0.03), np.array([0.25, 0.18, 0.1]), sides=6)
    for share in np.linspace(0.0, 2.2, 7):
        _foliage(rng, builder, share * end, 0.16, rng.integers(8, 22), 0.14)
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


HANGING: dict[str, Builder] = {
    function.__name__: function for function in (branch, hanging_sign, balloon)
}


def carried_bag(rng: np.random.Generator) -> Thing:
    """A shopping bag or handbag that hangs from a hand."""
    builder, color = MeshBuilder(), cloth_color(rng)
    width, height = rng.uniform(0.22, 0.38), rng.uniform(0.24, 0.42)
    bands = _shades(rng, color, rng.integers(1, 4), 0.1)
    builder.box((0, -0.16 - height / 2, 0), (0.12, height, width), color, bands=bands)
    for z in (-0.3, 0.3):
        end = (0, -0.16, z * width)
        builder.tube((0, 0, 0), end, (0.008, 0.008), color * 0.6, sides=4, closed=False)
    return builder.build()


def carried_umbrella(rng: np.random.Generator) -> Thing:
    """An open umbrella held up by a hand."""
    builder = MeshBuilder()
    builder.tube((0, -0.1, 0), (0, 0.75, 0), (0.01, 0.01), np.full(3, 0.15), sides=5)
    _canopy(rng, builder, np.array([0, 0.55, 0]), rng.uniform(0.4, 0.55), 0.2)
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


CARRIED: dict[str, Builder] = {
    function.__name__: function for function in (carried_bag, carried_umbrella, carried_box, phone)
}
