"""People of a scene: posed, dressed and standing on the floor."""

from dataclasses import dataclass, replace

import numpy as np

from dpmesh_plugin.rendering import vertex_normals

from .body import DECIMALS, GENDERS, BodyParameters, BodyPoser, sample_betas
from .camera import Camera
from .clothing import Outfit, Wardrobe
from .collision import Skeleton
from .joint_angles import JOINTS
from .meshes import facing_camera
from .poses import PoseSampler
from .rotations import axis_turns, matrix_to_rotvec

# How much larger than the figure the picture is; below 1 the border cuts through it.
FULL_VIEW, CLOSE_VIEW = (1.08, 1.55), (0.5, 0.9)
CLOSE_VIEW_SHARE = 0.27
# Camera heights in metres that a photographer reaches.
CAMERA_HEIGHTS = (0.2, 4.5)
# Nothing of a person may come nearer to the camera than this, metres.
NEAREST = 0.45
# Joints of two people keep this distance, metres.
PERSONAL_SPACE = 0.2
# How often a companion is nearer to the camera than the person the scene is framed for.
IN_FRONT_SHARE = 0.6
JUMP_METRES = (0.05, 0.45)
# Soles, seats and knees give way by this much, metres.
CONTACT_SINK = 0.004


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person of the scene.

    Args:
        body: SMPL parameters; the root rotation leads into camera axes.
        translation: (3,) metres in camera axes.
        family: What carries the figure, see ``key_poses.FAMILIES``.
        facing: World yaw in degrees; 0 faces the camera.
        vertices: (V, 3) of the annotated body, camera axes, metres.
        clothed: (V, 3) of the body with the thickness of its clothes.
        outfit: Colours and thickness.
        joints: (30, 3) of ``dpmesh_30`` of the annotated body, camera axes, metres.
        front_faces: (F, 3) those faces of the clothed body that are turned to the camera.
    """

    body: BodyParameters
    translation: np.ndarray
    family: str
    facing: float
    vertices: np.ndarray
    clothed: np.ndarray
    outfit: Outfit
    joints: np.ndarray
    front_faces: np.ndarray


class Casting:
    """Draws people and places them.

    Args:
        poser: The body model.
    """

    def __init__(self, poser: BodyPoser) -> None:
        self.poser = poser
        self._poses = PoseSampler(Skeleton(poser.rest_joints, poser.parents))
        self._wardrobe = Wardrobe(poser)

    def main_person(self, rng: np.random.Generator, camera: Camera) -> tuple[Person, Camera] | None:
        """A person framed by the camera, and the camera at the height that this asks for.

        Returns None where the camera would be in the floor or in the sky.
        """
        person, lift = self._draw(rng, camera)
        translation = frame(rng, camera, person.vertices).round(DECIMALS)
        person = self._move(person, translation)
        height = lift - CONTACT_SINK - float((person.vertices @ camera.up).min())
        near = person.vertices[:, 2].min() < NEAREST
        if near or not CAMERA_HEIGHTS[0] < height < CAMERA_HEIGHTS[1]:
            return None
        return person, replace(camera, height=height)

    def companion(
        self, rng: np.random.Generator, camera: Camera, others: list[Person]
    ) -> Person | None:
        """A further person near the first one of ``others``; None where there is no room."""
        person, lift = self._draw(rng, camera)
        ground = lift - CONTACT_SINK - float((person.vertices @ camera.up).min())
        first = camera.to_world(others[0].translation[None])[0]
        away = first[[0, 2]] / np.linalg.norm(first[[0, 2]])
        for _ in range(4):
            if rng.random() < IN_FRONT_SHARE:
                depth, side = -rng.uniform(0.35, 1.3), rng.normal(0, 0.38)
            else:
                depth, side = rng.uniform(0.3, 2.2), rng.normal(0, 0.55)
            x, z = first[[0, 2]] + depth * away + side * np.array([-away[1], away[0]])
            spot = camera.to_camera(np.array([[x, ground, z]]))[0].round(DECIMALS)
            placed = self._move(person, spot)
            if placed.vertices[:, 2].min() > NEAREST and not _touches(placed, others):
                return placed
        return None

    def _draw(self, rng: np.random.Generator, camera: Camera) -> tuple[Person, float]:
        """A person at the camera's origin, and how high it floats above the floor."""
        figure = self._poses.sample(rng)
        facing = float(rng.uniform(-180, 180) if rng.random() < 0.75 else rng.normal(0, 45))
        root = camera.rotation @ axis_turns('y', facing) @ figure.tilt
        pose = np.concatenate([matrix_to_rotvec(root)[None], figure.body_pose]).round(DECIMALS)
        gender = GENDERS[rng.integers(len(GENDERS))]
        body = BodyParameters(pose=pose, betas=sample_betas(rng), gender=gender)
        vertices = self.poser.pose(body)
        outfit = self._wardrobe.dress(rng)
        normals = vertex_normals(vertices, self.poser.faces)
        lift = float(rng.uniform(*JUMP_METRES)) if figure.family == 'air' else 0.0
        person = Person(
            body=body,
            translation=np.zeros(3),
            family=figure.family,
            facing=facing,
            vertices=vertices,
            clothed=vertices + normals * outfit.thickness[:, None],
            outfit=outfit,
            joints=self.poser.keypoints(vertices),
            front_faces=self.poser.faces,
        )
        return person, lift

    def _move(self, person: Person, translation: np.ndarray) -> Person:
        shift = translation.astype(np.float32)
        clothed = person.clothed + shift
        return replace(
            person,
            translation=translation,
            vertices=person.vertices + shift,
            clothed=clothed,
            joints=person.joints + translation,
            front_faces=facing_camera(clothed, self.poser.faces),
        )


def _touches(person: Person, others: list[Person]) -> bool:
    """Whether joints of a person come too near to those of others."""
    for other in others:
        gap = person.joints[:, None] - other.joints
        if (gap * gap).sum(-1).min() < PERSONAL_SPACE**2:
            return True
    return False


def frame(rng: np.random.Generator, camera: Camera, vertices: np.ndarray) -> np.ndarray:
    """Translation (3,) that shows a figure in full, or in a close view cut by the border."""
    low, high = vertices.min(0), vertices.max(0)
    half = max(np.ptp(vertices[:, 1]), np.ptp(vertices[:, 0])) / 2
    close = rng.random() < CLOSE_VIEW_SHARE
    room = rng.uniform(*(CLOSE_VIEW if close else FULL_VIEW))
    depth = half * room * 2 * camera.focal / camera.size + (high[2] - low[2]) / 2
    slack = depth * camera.size / (2 * camera.focal)
    if close:
        # The upper body is looked at more often than the legs.
        offset = np.array([rng.uniform(-0.4, 0.4), rng.choice([1, -1], p=[0.65, 0.35])
                           * rng.uniform(0.1, 0.75)]) * half  # fmt: skip
    else:
        offset = rng.uniform(-0.8, 0.8, 2) * max(slack - half, 0.05 * half)
    return np.append(offset, depth) - (low + high) / 2


def part_vertices(poser: BodyPoser, *joints: str) -> np.ndarray:
    """Numbers of the vertices that the named joints move most."""
    return np.flatnonzero(np.isin(poser.parts, [JOINTS.index(joint) for joint in joints]))
