"""Clothes, hair and shoes as colour and thickness per vertex, by regions of the rest pose."""

from dataclasses import dataclass

import numpy as np

from .body import BodyPoser
from .colors import cloth_color, hair_color, skin_color
from .joint_angles import JOINTS

_SIDES = ('left', 'right')
# Metres that a garment stands off the skin, at most.
SHIRT_THICKNESS, TROUSER_THICKNESS, SHOE_THICKNESS, HAIR_THICKNESS = 0.016, 0.016, 0.010, 0.030


@dataclass(frozen=True)
class Outfit:
    """How one person is dressed.

    Args:
        colors: (V, 3) RGB in 0..1 before light.
        thickness: (V,) metres along the vertex normals.
    """

    colors: np.ndarray
    thickness: np.ndarray


class Wardrobe:
    """Regions of the rest body that garments cover.

    Args:
        poser: The body that is dressed.
    """

    def __init__(self, poser: BodyPoser) -> None:
        self._rest = poser.rest_vertices.astype(np.float32)
        self._parts = poser.parts
        self._joints = poser.rest_joints
        marks = poser.model.landmarks
        x, y, z = self._rest.T
        head = self._is('head') | (self._is('neck') & (y > self._height('neck') + 0.03))
        nose_y, ear_z = y[marks['nose']], z[marks['lear']]
        self._head = head
        self._crown = self._is('head') & (
            (y > nose_y + 0.075) | ((z < ear_z - 0.005) & (y > y[marks['chin']] + 0.03))
        )
        self._long_hair = self._crown | (
            (self._is('head', 'neck') | self._is('chest', 'left_thorax', 'right_thorax'))
            & (z < ear_z - 0.01) & (np.abs(x) < 0.10) & (y > self._height('left_shoulder') - 0.12)
        )  # fmt: skip
        self._beard = self._is('head') & (y < nose_y - 0.035) & (z > ear_z + 0.03)
        self._eyes, self._brows, self._lips = self._face_marks(marks)
        self._hands = self._is(*(f'{s}_{p}' for s in _SIDES for p in ('wrist', 'hand')))
        self._feet = self._is(*(f'{s}_{p}' for s in _SIDES for p in ('ankle', 'toe')))
        self._shoes = self._feet & (y < self._height('left_ankle') + 0.02)
        self._boots = y < self._height('left_ankle') + 0.16
        legs = self._is('pelvis', *(f'{s}_{p}' for s in _SIDES for p in ('hip', 'knee')))
        self._legs = legs | self._feet
        # How far out along the arm, 0 at the shoulder joint and 1 at the wrist.
        reach = abs(self._joints[JOINTS.index('left_wrist'), 0])
        start = abs(self._joints[JOINTS.index('left_shoulder'), 0])
        self._along_arm = (np.abs(x) - start) / (reach - start)

    def dress(self, rng: np.random.Generator) -> Outfit:
        """Draw clothes, skin, hair and shoes."""
        colors = np.full(self._rest.shape, skin_color(rng), np.float32)
        thickness = np.zeros(len(self._rest), np.float32)
        colors[self._lips] *= np.float32([1.0, 0.72, 0.72])
        colors[self._eyes] = rng.uniform(0.05, 0.3)
        self._put_on_trousers(rng, colors, thickness)
        self._put_on_shirt(rng, colors, thickness)
        self._put_on_shoes(rng, colors, thickness)
        self._grow_hair(rng, colors, thickness)
        return Outfit(colors.clip(0, 1), thickness)

    def _put_on_trousers(
        self, rng: np.random.Generator, colors: np.ndarray, thickness: np.ndarray
    ) -> None:
        knee, ankle = self._height('left_knee'), self._height('left_ankle')
        kind = rng.random()
        if kind < 0.62:
            hem = ankle + rng.uniform(-0.02, 0.06)
        elif kind < 0.8:
            hem = knee + rng.uniform(-0.12, 0.06)
        else:
            hem = knee + rng.uniform(0.1, 0.3)
        mask = self._legs & (self._rest[:, 1] > hem)
        colors[mask] = fabric(rng, self._rest[mask], plain_share=0.85)
        thickness[mask] = rng.uniform(0.2, 1) * TROUSER_THICKNESS

    def _put_on_shirt(
        self, rng: np.random.Generator, colors: np.ndarray, thickness: np.ndarray
    ) -> None:
        sleeve = rng.choice([-0.15, rng.uniform(0.2, 0.45), 1.1], p=[0.12, 0.48, 0.40])
        hem = self._height('pelvis') + rng.uniform(-0.16, 0.06)
        neckline = self._height('neck') + rng.uniform(-0.07, 0.03)
        mask = ~self._head & ~self._hands & (self._along_arm < sleeve) & (self._rest[:, 1] > hem)
        mask &= (self._rest[:, 1] < neckline) | (np.abs(self._rest[:, 0]) > 0.085)
        colors[mask] = fabric(rng, self._rest[mask], plain_share=0.5)
        thickness[mask] = rng.uniform(0.2, 1) * SHIRT_THICKNESS
        if rng.random() < 0.2:
            front = mask & (np.abs(self._rest[:, 0]) < 0.05) & (self._rest[:, 2] > 0)
            colors[front] = cloth_color(rng)

    def _put_on_shoes(
        self, rng: np.random.Generator, colors: np.ndarray, thickness: np.ndarray
    ) -> None:
        if rng.random() < 0.07:
            return
        mask = self._boots if rng.random() < 0.15 else self._shoes
        colors[mask] = cloth_color(rng) * 0.9
        thickness[mask] = SHOE_THICKNESS
        sole = mask & (self._rest[:, 1] < self._rest[:, 1].min() + 0.018)
        colors[sole] = rng.choice([0.05, 0.3, 0.9])

    def _grow_hair(
        self, rng: np.random.Generator, colors: np.ndarray, thickness: np.ndarray
    ) -> None:
        if rng.random() < 0.08:
            return
        mask = self._long_hair if rng.random() < 0.35 else self._crown
        color = hair_color(rng)
        colors[self._brows] = 0.7 * color
        strands = 1 + 0.15 * np.sin(self._rest[mask] @ np.float32([400, 0, 150]))
        colors[mask] = color * strands[:, None]
        thickness[mask] = rng.uniform(0.25, 1) * HAIR_THICKNESS
        if rng.random() < 0.12:
            colors[self._beard] = color * 0.9

    def _face_marks(self, marks: dict[str, int]) -> list[np.ndarray]:
        """Masks (V,) of eyes, brows and lips."""
        rest = self._rest
        eyes = np.zeros(len(rest), bool)
        brows = np.zeros(len(rest), bool)
        for name in ('leye', 'reye'):
            offset = rest - rest[marks[name]]
            eyes |= np.linalg.norm(offset, axis=1) < 0.011
            x, y, z = np.abs(offset[:, 0]), offset[:, 1], offset[:, 2]
            brows |= (x < 0.022) & (np.abs(y - 0.02) < 0.006) & (z > -0.02)
        mouth = rest[marks['nose']] + 0.45 * (rest[marks['chin']] - rest[marks['nose']])
        x, y = np.abs(rest[:, 0]), np.abs(rest[:, 1] - mouth[1])
        lips = (x < 0.024) & (y < 0.010) & (rest[:, 2] > mouth[2] - 0.025) & self._is('head')
        return [eyes, brows, lips]

    def _is(self, *joints: str) -> np.ndarray:
        return np.isin(self._parts, [JOINTS.index(joint) for joint in joints])

    def _height(self, joint: str) -> float:
        return float(self._joints[JOINTS.index(joint), 1])


def fabric(rng: np.random.Generator, points: np.ndarray, plain_share: float) -> np.ndarray:
    """Colours (N, 3) at points (N, 3) of the rest body: plain, striped, checked or blotched."""
    first, second = cloth_color(rng), cloth_color(rng)
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    if rng.random() < 0.6:
        direction = np.array([0.0, 1.0, 0.0])
    wave = np.sin(points @ np.float32(direction * rng.uniform(40, 130)) + rng.uniform(0, 6))
    kind = rng.random()
    if kind < plain_share:
        share = 0.06 * wave
        second = first * 0.7
    elif kind < plain_share + 0.5 * (1 - plain_share):
        share = (wave > rng.uniform(-0.4, 0.6)) * 1.0
    elif kind < plain_share + 0.75 * (1 - plain_share):
        share = 0.5 * (wave > 0) + 0.5 * (np.sin(points[:, 0] * 90) > 0)
    else:
        turns = points @ np.float32(rng.normal(size=(3, 3)) * 18)
        share = (np.sin(turns).sum(axis=1) > 0) * 0.8
    return first + share[:, None] * (second - first)
