"""Colours as people and rooms wear them."""

import colorsys

import numpy as np


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """RGB (3,) in 0..1 of hue, saturation and value in 0..1."""
    return np.array(colorsys.hsv_to_rgb(hue % 1, min(max(saturation, 0), 1), min(max(value, 0), 1)))


def cloth_color(rng: np.random.Generator) -> np.ndarray:
    """A colour of clothes (3,): often dark, grey or denim, sometimes bright."""
    kind = rng.random()
    if kind < 0.35:
        return hsv(rng.random(), rng.uniform(0, 0.15), rng.uniform(0.08, 0.95))
    if kind < 0.55:
        return hsv(rng.normal(0.6, 0.03), rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.65))
    return hsv(rng.random(), rng.uniform(0.25, 0.85), rng.uniform(0.25, 0.95))


def thing_color(rng: np.random.Generator) -> np.ndarray:
    """A colour of furniture and street things (3,): wood, grey, white, sometimes painted."""
    kind = rng.random()
    if kind < 0.4:
        return hsv(rng.normal(0.075, 0.015), rng.uniform(0.3, 0.65), rng.uniform(0.25, 0.8))
    if kind < 0.7:
        return hsv(rng.random(), rng.uniform(0, 0.12), rng.uniform(0.15, 0.95))
    return hsv(rng.random(), rng.uniform(0.3, 0.8), rng.uniform(0.2, 0.85))


def wall_color(rng: np.random.Generator) -> np.ndarray:
    """A colour of walls (3,): pale and warm, sometimes strong."""
    if rng.random() < 0.7:
        return hsv(rng.normal(0.1, 0.05), rng.uniform(0.02, 0.25), rng.uniform(0.5, 0.95))
    return hsv(rng.random(), rng.uniform(0.1, 0.5), rng.uniform(0.3, 0.85))


def floor_color(rng: np.random.Generator) -> np.ndarray:
    """A colour of floors (3,): wood, stone, carpet."""
    if rng.random() < 0.45:
        return hsv(rng.normal(0.085, 0.02), rng.uniform(0.25, 0.55), rng.uniform(0.3, 0.75))
    if rng.random() < 0.75:
        return hsv(rng.random(), rng.uniform(0, 0.12), rng.uniform(0.25, 0.8))
    return hsv(rng.random(), rng.uniform(0.2, 0.5), rng.uniform(0.25, 0.6))


def leaf_color(rng: np.random.Generator) -> np.ndarray:
    """A colour of leaves and grass (3,)."""
    return hsv(rng.normal(0.29, 0.045), rng.uniform(0.35, 0.75), rng.uniform(0.2, 0.65))


def skin_color(rng: np.random.Generator) -> np.ndarray:
    """A colour of skin (3,) from very dark to very fair."""
    fair, dark = np.array([0.96, 0.80, 0.70]), np.array([0.28, 0.17, 0.11])
    share = rng.beta(1.1, 0.8)
    return np.clip((dark + share * (fair - dark)) * rng.uniform(0.94, 1.06, 3), 0, 1)


def hair_color(rng: np.random.Generator) -> np.ndarray:
    """A colour of hair (3,): black, brown, blond, red, grey; rarely dyed."""
    kind = rng.random()
    if kind < 0.75:
        return hsv(rng.normal(0.07, 0.015), rng.uniform(0.2, 0.65), 0.08 + 0.6 * rng.beta(1, 2.5))
    if kind < 0.93:
        return hsv(0.1, rng.uniform(0, 0.1), rng.uniform(0.25, 0.9))
    return hsv(rng.random(), rng.uniform(0.4, 0.8), rng.uniform(0.3, 0.8))
