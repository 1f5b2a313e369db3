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
        bbox: (4,) x, y, w, h in px of the mesh inside the image, hidden parts included.
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
            bbox, truncation = mesh_box(camera, person.vertices)
            if bbox[2:].min() >= MIN_BOX_SHARE * camera.size and (scene.index == number).any():
                own_depth = self._alone(person, scene) if number else first_depth
                codes = joint_visibility(
                    person.clothed, self._poser.keypoints(person.clothed), self._rings,
                    own_depth, number, scene,
                )  # fmt: skip
                if is_visible_enough(codes):
                    detector_codes = codes[keypoint_map('dpmesh_30', KEYPOINT_SET)]
                    others = pixels[:number] + pixels[number + 1 :]
                    truth = PersonTruth(
                        person=person,
                        bbox=bbox,
                        detected=detect_keypoints(rng, pixels[number], detector_codes, others),
                        visibility=codes,
                        occlusion=hidden_share(own_depth, number, scene),
                        truncation=truncation,
                    )
                    truths.append(truth)
            if not truths:
                return []
        return truths

    def _detector_pixels(self, camera: Camera, person: Person) -> np.ndarray:
        """Where a perfect detector would put its joints (18, 2), px."""
        joints = camera.project(self._poser.detector_keypoints(person.vertices))
        return map_keypoints(joints, 'coco_19', KEYPOINT_SET)

    def _alone(self, person: Person, scene: SceneBuffers) -> np.ndarray:
        mesh = Mesh(person.clothed, person.front_faces)
        return render_depth([mesh], scene.intrinsics, scene.depth.shape[::-1])


def mesh_box(camera: Camera, vertices: np.ndarray) -> tuple[np.ndarray, float]:
    """Box x, y, w, h (4,) in px of a mesh inside the image, and the share of it outside."""
    x, y = np.ascontiguousarray(camera.project(vertices).T)
    last = camera.size - 1
    corners = np.array([x.min(), y.min(), x.max(), y.max()]).clip(0, last)
    corners[2:] -= corners[:2]
    outside = (x < -0.5) | (x > last + 0.5) | (y < -0.5) | (y > last + 0.5)
    return corners, float(outside.mean())


def is_visible_enough(visibility: np.ndarray) -> bool:
    """Whether enough of the joints (30,) of ``dpmesh_30`` that COCO has are visible."""
    coco = visibility[keypoint_map('dpmesh_30', 'coco_17')]
    return bool(np.count_nonzero(coco == Visibility.VISIBLE) >= MIN_VISIBLE_JOINTS)
