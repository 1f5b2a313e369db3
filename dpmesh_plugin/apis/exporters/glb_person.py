"""One skinned and animated person inside a binary glTF."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from dpmesh_plugin.geometry.rotation import matrix_to_quaternion
from dpmesh_plugin.rendering import vertex_normals

from .glb_file import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GLBFile
from .skeleton_motion import JOINT_NAMES, SkeletonMotion

_DISPLAY_GAMMA = 2.2
"""Exponent from the colours of a screen to the linear ones of glTF."""


@dataclass(frozen=True)
class GLBPerson:
    """What a file says about one person.

    Args:
        name: Name of the node.
        motion: The skeleton in T frames.
        targets: (K, V, 3) morph targets, m.
        target_weights: (T, K).
        seconds: (T,) times of the frames.
        shown: Times (S,) s at which the person appears or disappears, and which of them (S,) bool.
        color: (3,) RGB 0..1 as on a screen.
        extras: Facts for whoever reads the file.
    """

    name: str
    motion: SkeletonMotion
    targets: Tensor
    target_weights: Tensor
    seconds: np.ndarray
    shown: tuple[np.ndarray, np.ndarray]
    color: np.ndarray
    extras: dict[str, Any]


class GLBPersonWriter:
    """Adds persons of one body model to a file; what they share is stored once.

    Args:
        glb: The file.
        faces: (F, 3) vertex numbers.
        weights: (V, 24) skinning weights; the four largest of every vertex are used.
    """

    def __init__(self, *, glb: GLBFile, faces: np.ndarray, weights: np.ndarray) -> None:
        self.glb = glb
        self.faces = faces
        joints = np.argsort(-weights, axis=1)[:, :4]
        largest = np.take_along_axis(weights, joints, axis=1)
        largest = largest / largest.sum(axis=1, keepdims=True)
        # A joint without a share is to be joint 0.
        joints = np.where(largest > 0, joints, 0).astype(np.uint8)
        self._indices = glb.add_array(faces.astype(np.uint32).ravel(), target=ELEMENT_ARRAY_BUFFER)
        self._joints = glb.add_array(joints, target=ARRAY_BUFFER)
        self._weights = glb.add_array(largest.astype(np.float32), target=ARRAY_BUFFER)

    def add(self, person: GLBPerson) -> int:
        """Add nodes, mesh, skin and keyframes of a person; its node."""
        quaternions = _quaternions(person.motion.rotations)
        joints = self._add_joints(person.motion, quaternions[0])
        mesh = self.glb.add('nodes', name=f'{person.name}_mesh', mesh=self._add_mesh(person))
        children = [joints[0], mesh]
        node = self.glb.add('nodes', name=person.name, children=children, extras=person.extras)
        skin = self._add_skin(person, joints, node)
        self.glb.content['nodes'][mesh]['skin'] = skin
        self._animate(person, quaternions, joints, mesh)
        self._animate_presence(person, node)
        return node

    def _add_joints(self, motion: SkeletonMotion, quaternions: np.ndarray) -> list[int]:
        """Nodes of the skeleton in its first pose."""
        first = len(self.glb.content.get('nodes', ()))
        for joint, name in enumerate(JOINT_NAMES):
            children = [first + i for i, parent in enumerate(motion.parents) if parent == joint]
            self.glb.add(
                'nodes',
                name=name,
                translation=motion.translations[0, joint].tolist(),
                rotation=quaternions[joint].tolist(),
                **({'children': children} if children else {}),
            )
        return list(range(first, first + len(JOINT_NAMES)))

    def _add_skin(self, person: GLBPerson, joints: list[int], skeleton: int) -> int:
        inverse_binds = np.tile(np.eye(4), (len(joints), 1, 1))
        inverse_binds[:, :3, 3] = -person.motion.rest_joints.numpy()
        return self.glb.add(
            'skins',
            name=person.name,
            joints=joints,
            skeleton=skeleton,
            inverseBindMatrices=self.glb.add_array(inverse_binds),
        )

    def _add_mesh(self, person: GLBPerson) -> int:
        vertices = person.motion.rest_vertices.float().numpy()
        normals = vertex_normals(vertices, self.faces)
        primitive = {
            'attributes': {
                'POSITION': self.glb.add_array(vertices, target=ARRAY_BUFFER, bounds=True),
                'NORMAL': self.glb.add_array(normals, target=ARRAY_BUFFER),
                'JOINTS_0': self._joints,
                'WEIGHTS_0': self._weights,
            },
            'indices': self._indices,
            'material': self._add_material(person),
        }
        displacements = [
            self.glb.add_array(target.numpy(), target=ARRAY_BUFFER, bounds=True)
            for target in person.targets
        ]
        primitive['targets'] = [{'POSITION': displacement} for displacement in displacements]
        return self.glb.add(
            'meshes',
            name=person.name,
            primitives=[primitive],
            weights=person.target_weights[0].tolist(),
            extras={'targetNames': [f'corrective_{i:02d}' for i in range(len(displacements))]},
        )

    def _add_material(self, person: GLBPerson) -> int:
        linear = np.power(person.color.astype(np.float64), _DISPLAY_GAMMA)
        surface = {
            'baseColorFactor': [*linear.tolist(), 1.0],
            'metallicFactor': 0.0,
            'roughnessFactor': 0.8,
        }
        return self.glb.add('materials', name=person.name, pbrMetallicRoughness=surface)

    def _animate(
        self, person: GLBPerson, quaternions: np.ndarray, joints: list[int], mesh: int
    ) -> None:
        seconds = self.glb.add_array(person.seconds, bounds=True)
        motion = person.motion
        for joint, node in enumerate(joints):
            self.glb.animate(node, 'rotation', seconds, quaternions[:, joint])
            if joint == 0 or motion.stretches:
                places = motion.translations[:, joint].numpy()
                self.glb.animate(node, 'translation', seconds, places)
        self.glb.animate(mesh, 'weights', seconds, person.target_weights.numpy().ravel())

    def _animate_presence(self, person: GLBPerson, node: int) -> None:
        """Shrink a person to nothing while it is not in the picture; glTF cannot hide nodes."""
        seconds, present = person.shown
        if not present.all():
            scale = np.repeat(present[:, None], 3, axis=1).astype(np.float32)
            times = self.glb.add_array(seconds, bounds=True)
            self.glb.animate(node, 'scale', times, scale, step=True)


def _quaternions(rotations: Tensor) -> np.ndarray:
    """Unit quaternions (T, J, 4), scalar last as in glTF, without sign changes over time."""
    quaternions = matrix_to_quaternion(rotations).roll(-1, dims=-1).numpy()
    quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
    agrees = (quaternions[1:] * quaternions[:-1]).sum(-1) >= 0
    signs = np.cumprod(np.where(agrees, 1, -1), axis=0)
    quaternions[1:] *= signs[..., None]
    return quaternions
