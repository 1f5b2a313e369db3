"""One random scene: people, things and light, and its picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from dpmesh_plugin.rendering import Canvas, Mesh, scale_intrinsics, shade

from .backdrop import blur_far, paint_backdrop
from .body import BodyPoser
from .camera import Camera, sample_camera
from .meshes import Thing, facing_camera
from .people import Casting, Person
from .photo import Lighting, develop, sample_lighting
from .shadows import FloorShadows
from .staging import furniture_behind, occluders, seat
from .truth import Observer, PersonTruth
from .visibility import SceneBuffers

COMPANION_COUNTS = {0: 0.58, 1: 0.35, 2: 0.07}
MAX_ATTEMPTS = 200
# The wall stands this far behind the people, metres.
WALL_BEHIND = (0.3, 3.5)
# Widest blur of the background, px of a 256 px image.
WIDEST_BLUR = 3.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A finished scene.

    Args:
        image: (H, W, 3) uint8 RGB.
        camera: The camera.
        people: Annotated people, the one the scene was framed for first.
    """

    image: np.ndarray
    camera: Camera
    people: list[PersonTruth]


@dataclass(frozen=True, kw_only=True)
class _Set:
    """Everything that is arranged before it is drawn; things are in world axes."""

    camera: Camera
    lighting: Lighting
    people: list[Person]
    seats: list[Thing]
    occluders: list[Thing]


class SceneGenerator:
    """Makes scenes of one image size.

    Args:
        image_size: Side of the square images in px.
        supersample: Rendered samples per pixel along each side.
        poser: Body model; None loads the open body.
    """

    def __init__(
        self, *, image_size: int = 256, supersample: int = 2, poser: BodyPoser | None = None
    ) -> None:
        self.image_size = image_size
        self.supersample = supersample
        self.poser = BodyPoser() if poser is None else poser
        self._casting = Casting(self.poser)
        self._observer = Observer(self.poser)

    def generate(self, rng: np.random.Generator) -> Scene:
        """Draw scenes until the main person can be seen.

        Raises:
            RuntimeError: ``MAX_ATTEMPTS`` scenes in a row showed nobody.
        """
        for _ in range(MAX_ATTEMPTS):
            scene = self._attempt(rng)
            if scene is not None:
                return scene
        raise RuntimeError(f'no scene with a visible person in {MAX_ATTEMPTS} attempts')

    def _attempt(self, rng: np.random.Generator) -> Scene | None:
        """One scene, or None where its main person does not pass the rule."""
        stage = self._arrange(rng)
        if stage is None:
            return None
        canvas, truths = self._observe(rng, stage)
        while not truths and stage.occluders:
            stage.occluders.pop()
            canvas, truths = self._observe(rng, stage)
        if not truths:
            return None
        color = _downsample(canvas, self._background(rng, stage))
        return Scene(image=develop(rng, color), camera=stage.camera, people=truths)

    def _arrange(self, rng: np.random.Generator) -> _Set | None:
        """Place camera, people, things and lights; None where the camera has no place."""
        framed = self._casting.main_person(rng, sample_camera(rng, self.image_size))
        if framed is None:
            return None
        people, camera = [framed[0]], framed[1]
        for _ in range(rng.choice(list(COMPANION_COUNTS), p=list(COMPANION_COUNTS.values()))):
            companion = self._casting.companion(rng, camera, people)
            if companion is not None:
                people.append(companion)
        seats = [seat(rng, camera, self.poser, p) for p in people if p.family == 'seat']
        return _Set(
            camera=camera,
            lighting=sample_lighting(rng, camera),
            people=people,
            seats=seats,
            occluders=occluders(rng, camera, people[0]),
        )

    def _observe(self, rng: np.random.Generator, stage: _Set) -> tuple[Canvas, list[PersonTruth]]:
        """Draw people and things, and the truth about those who pass the rule."""
        canvas, first_depth = self._draw(stage)
        buffers = SceneBuffers(
            depth=canvas.depth(),
            index=canvas.index,
            persons=tuple(range(len(stage.people))),
            intrinsics=canvas.intrinsics,
        )
        truths = self._observer.describe(rng, stage.camera, stage.people, buffers, first_depth)
        return canvas, truths

    def _draw(self, stage: _Set) -> tuple[Canvas, np.ndarray]:
        """People and things on black, people first, and the depth of the first person alone."""
        side = self.image_size * self.supersample
        intrinsics = scale_intrinsics(stage.camera.intrinsics, self.supersample)
        canvas = Canvas((side, side), intrinsics)
        lights, ambient = stage.lighting.lights, stage.lighting.ambient
        depths = []
        for person in stage.people:
            colors = shade(person.clothed, self.poser.faces, person.outfit.colors, lights, ambient)
            canvas.draw(Mesh(person.clothed, self.poser.faces, colors))
            if not depths:
                depths.append(canvas.depth())
        for thing in stage.seats + stage.occluders:
            canvas.draw(_thing_mesh(stage, thing))
        return canvas, depths[0]

    def _background(self, rng: np.random.Generator, stage: _Set) -> np.ndarray:
        """Floor with shadows, walls and furniture behind, (H, W, 3) float32 RGB."""
        camera = stage.camera
        world = [camera.to_world(person.vertices[::3]) for person in stage.people]
        distance = max(-float(points[:, 2].min()) for points in world)
        wall_distance = distance + rng.uniform(*WALL_BEHIND)
        backdrop = paint_backdrop(rng, camera, wall_distance)
        behind = furniture_behind(rng, distance, wall_distance)
        center = world[0].mean(0)[[0, 2]]
        shadows = FloorShadows(center, stage.lighting.to_key, stage.lighting.shadow)
        for points in world:
            shadows.add_body(points)
        for thing in stage.seats + stage.occluders + behind:
            shadows.add_thing(thing)
        color = shadows.darken(backdrop, stage.lighting.softness)
        canvas = Canvas((self.image_size, self.image_size), camera.intrinsics, color)
        for thing in behind:
            canvas.draw(_thing_mesh(stage, thing))
        depth = np.minimum(backdrop.distance, canvas.depth())
        sigma = rng.uniform(0, WIDEST_BLUR) * self.image_size / 256
        return blur_far(canvas.color, depth, distance, sigma)


def _thing_mesh(stage: _Set, thing: Thing) -> Mesh:
    vertices = stage.camera.to_camera(thing.vertices).astype(np.float32)
    lighting = stage.lighting
    colors = shade(vertices, thing.faces, thing.colors, lighting.lights, lighting.ambient)
    return Mesh(vertices, facing_camera(vertices, thing.faces), colors)


def _downsample(canvas: Canvas, background: np.ndarray) -> np.ndarray:
    """What a canvas of black background shows, in the size of a background put behind it."""
    size = background.shape[1::-1]
    color = cv2.resize(canvas.color, size, interpolation=cv2.INTER_AREA)
    empty = (canvas.index < 0).astype(np.float32)
    return color + background * cv2.resize(empty, size, interpolation=cv2.INTER_AREA)[..., None]
