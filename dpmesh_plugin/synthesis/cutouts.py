"""Rendered things and people without a background, to be put in front of others.

Each is drawn when it is asked for the first time. Its number and the seed say what it is.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from dpmesh_plugin.registry import OCCLUDERS
from dpmesh_plugin.rendering import Canvas, Mesh, scale_intrinsics, shade
from dpmesh_plugin.structures import Cutout, Visibility, trimmed

from .body import BodyPoser
from .camera import Camera, sample_camera
from .meshes import facing_camera
from .people import Casting
from .photo import sample_lighting
from .textures import floor_texture, ground_texture, wall_texture
from .things import CARRIED, HANGING, STANDING

KINDS = STANDING | HANGING | CARRIED
# Hangs on ropes that leave every picture.
del KINDS['hanging_sign']
SUPERSAMPLE = 2
# Lights are set for scenes that are exposed afterwards.
EXPOSURE = (0.9, 1.6)
# A thing is looked at from this many times its radius.
VIEWING_DISTANCE = 3.0
# How often a thing has a painted surface beside its colours.
TEXTURED_SHARE = 0.7


@OCCLUDERS.register_module()
class RenderedObjects:
    """Things of many kinds from any side: furniture, plants, luggage, fences, bags, ...

    Args:
        number: How many; the kinds take turns.
        side: Longer side of the pictures, px.
        seed: Seed of shapes, colours and views.
        kinds: Names of builders of ``dpmesh_plugin.synthesis.things``; all by default.

    Raises:
        KeyError: unknown kind.
        ValueError: the number or the side is not positive.
    """

    def __init__(
        self,
        *,
        number: int = 120,
        side: int = 128,
        seed: int = 0,
        kinds: Sequence[str] | None = None,
    ) -> None:
        _check_size(number, side)
        self.kinds = tuple(KINDS if kinds is None else kinds)
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown or not self.kinds:
            raise KeyError(f'unknown kinds {unknown}; known: {", ".join(KINDS)}')
        self.side, self.seed = side, seed
        self._drawn: list[Cutout | None] = [None] * number

    def __len__(self) -> int:
        return len(self._drawn)

    def __getitem__(self, index: int) -> Cutout:
        if self._drawn[index] is None:
            self._drawn[index] = self._draw(index % len(self))
        return self._drawn[index]

    def _draw(self, index: int) -> Cutout:
        rng = np.random.default_rng((self.seed, index))
        camera = sample_camera(rng, self.side)
        kind = KINDS[self.kinds[index % len(self.kinds)]]
        thing = kind(rng).moved(np.zeros(3), rng.uniform(0, 360))
        middle = (thing.vertices.min(axis=0) + thing.vertices.max(axis=0)) / 2
        vertices = (thing.vertices - middle) @ camera.rotation.T
        vertices[:, 2] += VIEWING_DISTANCE * np.linalg.norm(vertices, axis=1).max()
        pixels = _render(rng, camera, vertices.astype(np.float32), thing.faces, thing.colors)
        if rng.random() < TEXTURED_SHARE:
            pixels[..., :3] = _painted(rng, pixels[..., :3])
        return Cutout(trimmed(pixels), Visibility.OCCLUDED_BY_OBJECT)


@OCCLUDERS.register_module()
class RenderedPeople:
    """Dressed people in all poses of SynthOC, made of the open body.

    Args:
        number: How many.
        side: Longer side of the pictures, px.
        seed: Seed of poses, clothes and views.

    Raises:
        ValueError: the number or the side is not positive.
    """

    def __init__(self, *, number: int = 100, side: int = 192, seed: int = 0) -> None:
        _check_size(number, side)
        self.side, self.seed = side, seed
        self._drawn: list[Cutout | None] = [None] * number
        self._casting: Casting | None = None

    def __len__(self) -> int:
        return len(self._drawn)

    def __getitem__(self, index: int) -> Cutout:
        if self._drawn[index] is None:
            self._drawn[index] = self._draw(index % len(self))
        return self._drawn[index]

    def _draw(self, index: int) -> Cutout:
        if self._casting is None:
            self._casting = Casting(BodyPoser())
        rng = np.random.default_rng((self.seed, index))
        framed = None
        while framed is None:
            framed = self._casting.main_person(rng, sample_camera(rng, self.side))
        person, camera = framed
        faces = self._casting.poser.faces
        pixels = _render(rng, camera, person.clothed, faces, person.outfit.colors)
        return Cutout(trimmed(pixels), Visibility.OCCLUDED_BY_PERSON)


def _render(
    rng: np.random.Generator,
    camera: Camera,
    vertices: np.ndarray,
    faces: np.ndarray,
    colors: np.ndarray,
) -> np.ndarray:
    """A mesh that fills the picture of a camera in one direction, (side, side, 4) uint8."""
    rays = vertices[:, :2] / vertices[:, 2:]
    low, high = rays.min(axis=0), rays.max(axis=0)
    focal = (camera.size - 2) / (high - low).max()
    centre = (camera.size - 1) / 2 - focal * (low + high) / 2
    intrinsics = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1]])
    lighting = sample_lighting(rng, camera)
    lit = shade(vertices, faces, colors, lighting.lights, lighting.ambient)
    fine = camera.size * SUPERSAMPLE
    canvas = Canvas((fine, fine), scale_intrinsics(intrinsics, SUPERSAMPLE))
    canvas.draw(Mesh(vertices, facing_camera(vertices, faces), lit))
    layers = np.dstack([canvas.color, (canvas.index >= 0).astype(np.float32)])
    layers = cv2.resize(layers, (camera.size, camera.size), interpolation=cv2.INTER_AREA)
    layers[..., :3] /= np.maximum(layers[..., 3:], 1e-3)  # black of the background left the edge
    layers[..., :3] *= rng.uniform(*EXPOSURE)
    return np.rint(layers.clip(0, 1) * 255).astype(np.uint8)


def _painted(rng: np.random.Generator, colors: np.ndarray) -> np.ndarray:
    """Colours (h, w, 3) uint8 with the pattern of a wall, a floor or the ground on them."""
    surfaces = (floor_texture, ground_texture, wall_texture)
    texture = surfaces[rng.integers(len(surfaces))](rng)
    pattern = texture / texture.mean(axis=(0, 1)).clip(0.05)
    pattern = cv2.resize(pattern, colors.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.rint((colors * pattern).clip(0, 255)).astype(np.uint8)


def _check_size(number: int, side: int) -> None:
    if number < 1 or side < 8:
        raise ValueError(f'expected number >= 1 and side >= 8 px, got {number} and {side}')
