"""What is true of every person of a drawn scene, and who is annotated."""

from dataclasses import dataclass

import numpy as np

from dpmesh_plugin.rendering import Mesh, render_depth
from dpmesh_plugin.structures import Visibility, keypoint_map, map_keypoints

from .body import BodyPoser
from .camera import Camera
from .detector_noise import KEYPOINT_SET, detect_keypoints
from .people import Person
from .visibility import SceneBuffers, hidden_share, joint_rings, joint_visibility

# A person is annotated with at least this many visible COCO joints ...
MIN_VISIBLE_JOINTS = 4
# ... and a box with sides of at least this share of the image.
MIN_BOX_SHARE = 0.06


@dataclass(frozen=True, kw_only=True)
class PersonTruth:
    """What is known of one annotated person.

    Args:
        person: Body, translation and mesh.
        bbox: (4,) x, y, w, h in px around the silhouette inside the image, as if nothing stood
            before it.
        detected: (18, 3) noisy keypoints in px with confidences, ``openpose_18``.
        visibility: (30,) int8 codes of the ``dpmesh_30`` joints.
        occlusion: Share of the silhouette in the image that others hide.
        truncation: Share of the mesh's vertices outside the image.
    """

    person: Person
    bbox: np.ndarray
    detected: np.ndarray
    visibility: np.ndarray
    occlusion: float
    truncation: float


class Observer:
    """Judges the people of drawn scenes.

    Args:
        poser: The body model.
    """

    def __init__(self, poser: BodyPoser) -> None:
        self._poser = poser
        self._rings = joint_rings(poser.regressor, poser.rest_vertices)

    def describe(
        self,
        rng: np.random.Generator,
        camera: Camera,
        people: list[Person],
        scene: SceneBuffers,
        first_depth: np.ndarray,
    ) -> list[PersonTruth]:
        """The truth about everyone who passes the rule; empty where the first person does not.

        Args:
            rng: Source of randomness.
            camera: The camera.
            people: Everyone, in the order of their numbers in ``scene``.
            scene: Buffers of the whole scene.
            first_depth: (H, W) depth of the first person alone.
        """
        pixels = [self._detector_pixels(camera, person) for person in people]
        truths: list[PersonTruth] = []
        for number, person in enumerate(people):
            own_depth = first_depth if number == 0 else self._alone(person, number, scene)
            if own_depth is not None:
                others = pixels[:number] + pixels[number + 1 :]
                truth = self._judge(
                    rng, camera, person, number, scene, own_depth, pixels[number], others
                )
                truths += [truth] if truth is not None else []
            if not truths:
                return []
        return truths

    def _judge(
        self,
        rng: np.random.Generator,
        camera: Camera,
        person: Person,
        number: int,
        scene: SceneBuffers,
        own_depth: np.ndarray,
        keypoints: np.ndarray,
        neighbours: list[np.ndarray],
    ) -> PersonTruth | None:
        """The truth about one person, None where the person does not pass the rule."""
        bbox = silhouette_box(own_depth, camera.size)
        codes = joint_visibility(
            person.clothed, person.joints, self._rings, own_depth, number, scene
        )
        if not is_visible_enough(codes, bbox, camera.size):
            return None
        detector_codes = codes[keypoint_map('dpmesh_30', KEYPOINT_SET)]
        return PersonTruth(
            person=person,
            bbox=bbox,
            detected=detect_keypoints(rng, keypoints, detector_codes, neighbours),
            visibility=codes,
            occlusion=hidden_share(own_depth, number, scene),
            truncation=outside_share(camera, person.vertices),
        )

    def _detector_pixels(self, camera: Camera, person: Person) -> np.ndarray:
        """Where a perfect detector would put its joints (18, 2), px."""
        joints = camera.project(self._poser.detector_keypoints(person.vertices))
        return map_keypoints(joints, 'coco_19', KEYPOINT_SET)

    def _alone(self, person: Person, number: int, scene: SceneBuffers) -> np.ndarray | None:
        """Depth (H, W) of one person alone, None where the scene shows nothing of the person."""
        if not (scene.index == number).any():
            return None
        mesh = Mesh(person.clothed, person.front_faces)
        return render_depth([mesh], scene.intrinsics, scene.depth.shape[::-1])


def silhouette_box(depth: np.ndarray, image_size: int) -> np.ndarray:
    """Box x, y, w, h (4,) in px of an image around what a depth map (H, W) shows.

    Args:
        depth: Metres, inf where nothing is; its sides are a multiple of those of the image.
        image_size: Side of the image in px.
    """
    shown = np.isfinite(depth)
    columns, rows = np.flatnonzero(shown.any(axis=0)), np.flatnonzero(shown.any(axis=1))
    if len(rows) == 0:
        return np.zeros(4)
    scale = image_size / len(depth)
    corners = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) * scale - 0.5
    corners = corners.clip(0, image_size - 1)
    return np.concatenate([corners[:2], corners[2:] - corners[:2]])


def outside_share(camera: Camera, vertices: np.ndarray) -> float:
    """Share of the vertices (V, 3) of a mesh that project outside the image."""
    x, y = np.ascontiguousarray(camera.project(vertices).T)
    last = camera.size - 0.5
    return float(((x < -0.5) | (x > last) | (y < -0.5) | (y > last)).mean())


def is_visible_enough(visibility: np.ndarray, bbox: np.ndarray, image_size: int) -> bool:
    """Whether a person is annotated.

    Args:
        visibility: (30,) codes of ``dpmesh_30``.
        bbox: (4,) x, y, w, h in px.
        image_size: Side of the image in px.
    """
    coco = visibility[keypoint_map('dpmesh_30', 'coco_17')]
    visible = np.count_nonzero(coco == Visibility.VISIBLE)
    return bool(visible >= MIN_VISIBLE_JOINTS and bbox[2:].min() >= MIN_BOX_SHARE * image_size)
