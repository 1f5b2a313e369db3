"""One random scene: people, things and light, its picture, and what is true of every person."""

from dataclasses import dataclass

import cv2
import numpy as np

from dpmesh_plugin.rendering import Canvas, Mesh, render_depth, scale_intrinsics, shade
from dpmesh_plugin.structures import Visibility, keypoint_map, map_keypoints

from .backdrop import blur_far, paint_backdrop
from .body import BodyPoser
from .camera import Camera, sample_camera
from .detector_noise import KEYPOINT_SET, detect_keypoints
from .meshes import Thing
from .people import Casting, Person
from .photo import Lighting, develop, sample_lighting
from .shadows import FloorShadows
from .staging import furniture_behind, occluders, seat
from .visibility import SceneBuffers, hidden_share, joint_rings, joint_visibility

COMPANION_COUNTS = {0: 0.5, 1: 0.4, 2: 0.1}
# A person is annotated with at least this many visible COCO joints ...
MIN_VISIBLE_JOINTS = 4
# ... and a box with sides of at least this share of the image.
MIN_BOX_SHARE = 0.06
MAX_ATTEMPTS = 200


@dataclass(frozen=True, kw_only=True)
class PersonTruth:
    """What is known of one annotated person.

    Args:
        person: Body, translation and mesh.
        bbox: (4,) x, y, w, h in px of the mesh inside the image, hidden parts included.
        detected: (18, 3) noisy keypoints in px with confidences, ``openpose_18``.
        joints: (30, 3) ``dpmesh_30`` in camera axes, metres.
        visibility: (30,) int8 codes.
        occlusion: Share of the silhouette in the image that others hide.
        truncation: Share of the mesh's vertices outside the image.
    """

    person: Person
    bbox: np.ndarray
    detected: np.ndarray
    joints: np.ndarray
    visibility: np.ndarray
    occlusion: float
    truncation: float


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
        self.casting = Casting(self.poser)
        self._rings = joint_rings(self.poser.regressor, self.poser.rest_vertices)

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
        framed = self.casting.main_person(rng, sample_camera(rng, self.image_size))
        if framed is None:
            return None
        people, camera = [framed[0]], framed[1]
        for _ in range(rng.choice(list(COMPANION_COUNTS), p=list(COMPANION_COUNTS.values()))):
            companion = self.casting.companion(rng, camera, people)
            if companion is not None:
                people.append(companion)
        things = [seat(rng, camera, self.casting, p) for p in people if p.family == 'seat']
        things += occluders(rng, camera, self.casting, people[0])
        lighting = sample_lighting(rng, camera)
        background = self._background(rng, camera, people, things, lighting)
        canvas = self._draw(camera, people, things, lighting, background)
        truths = self._describe(rng, camera, people, canvas)
        if truths[0] is None:
            return None
        size = (self.image_size, self.image_size)
        color = cv2.resize(canvas.color, size, interpolation=cv2.INTER_AREA)
        found = [truth for truth in truths if truth is not None]
        return Scene(image=develop(rng, color), camera=camera, people=found)

    def _background(
        self,
        rng: np.random.Generator,
        camera: Camera,
        people: list[Person],
        things: list[Thing],
        lighting: Lighting,
    ) -> np.ndarray:
        """Floor with shadows, walls and furniture behind, (H, W, 3) float32 RGB."""
        world = [camera.to_world(person.vertices[::2]) for person in people]
        distance = max(-float(points[:, 2].min()) for points in world)
        wall_distance = distance + rng.uniform(0.3, 3.5)
        backdrop = paint_backdrop(rng, camera, wall_distance)
        behind = furniture_behind(rng, distance, wall_distance)
        center = world[0].mean(0)[[0, 2]]
        shadows = FloorShadows(center, lighting.to_key, lighting.shadow)
        for points in world:
            shadows.add_body(points)
        for thing in things + behind:
            shadows.add_thing(thing)
        color = shadows.darken(backdrop, lighting.softness).astype(np.float32)
        canvas = Canvas((self.image_size, self.image_size), camera.intrinsics, color)
        for thing in behind:
            canvas.draw(_thing_mesh(camera, thing, lighting))
        depth = np.minimum(backdrop.distance, canvas.depth())
        return blur_far(canvas.color, depth, distance, rng.uniform(0, 3) * self.image_size / 256)

    def _draw(
        self,
        camera: Camera,
        people: list[Person],
        things: list[Thing],
        lighting: Lighting,
        background: np.ndarray,
    ) -> Canvas:
        """All meshes over the background; people carry the first numbers."""
        side = self.image_size * self.supersample
        intrinsics = scale_intrinsics(camera.intrinsics, self.supersample)
        picture = cv2.resize(background, (side, side), interpolation=cv2.INTER_LINEAR)
        canvas = Canvas((side, side), intrinsics, picture)
        for person in people:
            colors = shade(person.clothed, self.poser.faces, person.outfit.colors,
                           lighting.lights, lighting.ambient)  # fmt: skip
            canvas.draw(Mesh(person.clothed, self.poser.faces, colors))
        for thing in things:
            canvas.draw(_thing_mesh(camera, thing, lighting))
        return canvas

    def _describe(
        self, rng: np.random.Generator, camera: Camera, people: list[Person], canvas: Canvas
    ) -> list[PersonTruth | None]:
        """The truth about every person, None for those who do not pass the rule."""
        scene = SceneBuffers(
            depth=canvas.depth(),
            index=canvas.index,
            persons=tuple(range(len(people))),
            intrinsics=canvas.intrinsics,
        )
        pixels = [
            map_keypoints(
                camera.project(self.poser.detector_keypoints(person.vertices)),
                'coco_19', KEYPOINT_SET,
            )
            for person in people
        ]  # fmt: skip
        truths = []
        for number, person in enumerate(people):
            others = [points for index, points in enumerate(pixels) if index != number]
            truths.append(self._truth(rng, camera, person, number, scene, pixels[number], others))
        return truths

    def _truth(
        self,
        rng: np.random.Generator,
        camera: Camera,
        person: Person,
        number: int,
        scene: SceneBuffers,
        keypoints: np.ndarray,
        neighbours: list[np.ndarray],
    ) -> PersonTruth | None:
        mesh = Mesh(person.clothed, self.poser.faces)
        own_depth = render_depth([mesh], scene.intrinsics, scene.depth.shape[::-1])
        joints = self.casting.joints(person)
        rendered_joints = self.poser.keypoints(person.clothed)
        codes = joint_visibility(
            person.clothed, rendered_joints, self._rings, own_depth, number, scene
        )
        bbox, truncation = mesh_box(camera, person.vertices)
        if not is_visible_enough(codes, bbox, self.image_size):
            return None
        detector_codes = codes[keypoint_map('dpmesh_30', KEYPOINT_SET)]
        return PersonTruth(
            person=person,
            bbox=bbox,
            detected=detect_keypoints(rng, keypoints, detector_codes, neighbours),
            joints=joints,
            visibility=codes,
            occlusion=hidden_share(own_depth, number, scene),
            truncation=truncation,
        )


def mesh_box(camera: Camera, vertices: np.ndarray) -> tuple[np.ndarray, float]:
    """Box x, y, w, h (4,) in px of a mesh inside the image, and the share of it outside."""
    pixels = camera.project(vertices)
    last = camera.size - 1
    low, high = pixels.min(0).clip(0, last), pixels.max(0).clip(0, last)
    outside = ((pixels < -0.5) | (pixels > last + 0.5)).any(axis=1)
    return np.concatenate([low, high - low]), float(outside.mean())


def is_visible_enough(visibility: np.ndarray, bbox: np.ndarray, image_size: int) -> bool:
    """Whether a person is annotated: enough visible COCO joints and a box that is no sliver."""
    coco = visibility[keypoint_map('dpmesh_30', 'coco_17')]
    visible = np.count_nonzero(coco == Visibility.VISIBLE)
    return bool(visible >= MIN_VISIBLE_JOINTS and bbox[2:].min() >= MIN_BOX_SHARE * image_size)


def _thing_mesh(camera: Camera, thing: Thing, lighting: Lighting) -> Mesh:
    vertices = camera.to_camera(thing.vertices).astype(np.float32)
    colors = shade(vertices, thing.faces, thing.colors, lighting.lights, lighting.ambient)
    return Mesh(vertices, thing.faces, colors)
