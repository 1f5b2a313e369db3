"""Parts that several things share."""

import numpy as np

from dpmesh_plugin.synthesis.colors import cloth_color, leaf_color
from dpmesh_plugin.synthesis.meshes import MeshBuilder


def shades(rng: np.random.Generator, color: np.ndarray, count: int, spread: float) -> np.ndarray:
    """``count`` brighter and darker versions (count, 3) of one colour."""
    return color * rng.uniform(1 - spread, 1 + spread, (count, 1))


def add_foliage(
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


def add_canopy(
    rng: np.random.Generator, builder: MeshBuilder, rim: np.ndarray, radius: float, height: float
) -> None:
    """The cloth of an umbrella above the centre of its rim."""
    radii = tuple(radius * np.sqrt(np.linspace(1, 0.001, 5)))
    colors = np.stack([cloth_color(rng)] * 5) * np.linspace(0.9, 1.05, 5)[:, None]
    builder.tube(rim, rim + np.array([0, height, 0]), radii, colors, sides=10)
