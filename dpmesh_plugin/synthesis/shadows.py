"""Soft shadows on the floor, collected on a grid around the people."""

import cv2
import numpy as np

from dpmesh_plugin.rendering import Canvas, Mesh

from .backdrop import Backdrop
from .meshes import Thing

CELLS = 128
EXTENT_METRES = 6.0
# Height in metres up to which a body darkens the floor right below it.
CONTACT_HEIGHT = 0.22


class FloorShadows:
    """Darkness of the floor around a centre.

    Args:
        center: World x and z (2,) of the middle of the grid.
        to_light: (3,) world direction to the light, y up.
        strength: Darkness of a full shadow, 0..1.
    """

    def __init__(self, center: np.ndarray, to_light: np.ndarray, strength: float) -> None:
        self._corner = np.asarray(center) - EXTENT_METRES / 2
        self._slope = to_light[[0, 2]] / max(to_light[1], 0.25)
        self._strength = strength
        self._cast = np.zeros((CELLS, CELLS), np.float32)
        self._contact = np.zeros((CELLS, CELLS), np.float32)
        self._things = Canvas((CELLS, CELLS), np.eye(3))

    def add_body(self, points: np.ndarray) -> None:
        """Add the shadow of dense points (N, 3) of a body, in world axes."""
        height = points[:, 1].clip(0)
        cast = self._splat(points[:, [0, 2]] - height[:, None] * self._slope, np.ones(len(points)))
        self._cast = np.maximum(self._cast, 1 - np.exp(-1.2 * cast))
        near = np.exp(-height / CONTACT_HEIGHT)
        contact = self._splat(points[:, [0, 2]], near)
        self._contact = np.maximum(self._contact, 1 - np.exp(-1.2 * contact))

    def add_thing(self, thing: Thing) -> None:
        """Add the shadow of a thing in world axes."""
        height = thing.vertices[:, 1].clip(0)
        flat = self._cells(thing.vertices[:, [0, 2]] - height[:, None] * self._slope)
        # Drawn like a picture: what lies flat on the grid has depth 1 and the grid is the image.
        mesh = Mesh(np.column_stack([flat, np.ones(len(flat))]), thing.faces, thing.colors)
        self._things.draw(mesh)
        low = thing.vertices[:, 1] < CONTACT_HEIGHT
        if low.sum() > 2:
            footprint = np.rint(self._cells(thing.vertices[low][:, [0, 2]])).astype(np.int32)
            cv2.fillConvexPoly(self._contact, cv2.convexHull(footprint), 0.8)

    def darken(self, backdrop: Backdrop, softness: float) -> np.ndarray:
        """The picture (H, W, 3) float32 in 0..1 of a backdrop with the shadows on its floor.

        Args:
            backdrop: The unshadowed picture.
            softness: Width of the half shadow in metres.
        """
        cell = EXTENT_METRES / CELLS
        cast = np.maximum(self._cast, self._things.index >= 0)
        cast = cv2.GaussianBlur(cast, (0, 0), max(softness / cell, 0.6))
        contact = cv2.GaussianBlur(self._contact, (0, 0), 0.06 / cell)
        # Blur takes too much from thin shadows, such as those of legs.
        cast = np.minimum(1.4 * cast, 1)
        dark = np.maximum(self._strength * cast, 0.75 * contact).astype(np.float32)
        scale = np.float32(CELLS / EXTENT_METRES)
        u = (backdrop.floor_x - np.float32(self._corner[0])) * scale - np.float32(0.5)
        v = (backdrop.floor_z - np.float32(self._corner[1])) * scale - np.float32(0.5)
        seen = cv2.remap(dark, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        bright = (1 - seen * backdrop.floor) / np.float32(255)
        return backdrop.color * bright[..., None]

    def _cells(self, points: np.ndarray) -> np.ndarray:
        return (points - self._corner) * (CELLS / EXTENT_METRES) - 0.5

    def _splat(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        cells = np.rint(self._cells(points)).astype(np.int64)
        inside = ((cells >= 0) & (cells < CELLS)).all(axis=1)
        numbers = cells[inside, 1] * CELLS + cells[inside, 0]
        total = np.bincount(numbers, weights[inside], minlength=CELLS * CELLS)
        return total.reshape(CELLS, CELLS).astype(np.float32)
