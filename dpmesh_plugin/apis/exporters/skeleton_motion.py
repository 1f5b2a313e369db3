"""The kinematic tree of one person in the form that animation formats want."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix
from dpmesh_plugin.structures import get_keypoint_set

from .axes import points_to_export_axes, rotations_to_export_axes
from .person_track import PersonTrack

JOINT_NAMES = get_keypoint_set('smpl_24').names
_SAME_LENGTH = 1e-6
"""Bones whose lengths differ by less than this (m) over a video have one length."""


@dataclass(frozen=True)
class SkeletonMotion:
    """A skeleton at rest and its J joints in T frames, float64, in export axes.

    The skeleton at rest is that of the mean shape, upright, facing +z, with its origin where the
    body model has it.

    Args:
        parents: Parent of every joint, -1 for the root.
        rest_vertices: (V, 3) mean shape at rest, m.
        rest_joints: (J, 3) its joints, m.
        rotations: (T, J, 3, 3) relative to the parent, that of the root to the world.
        translations: (T, J, 3) joint relative to its parent, in the parent's axes, that of the root
            in the world, m.
    """

    parents: tuple[int, ...]
    rest_vertices: Tensor
    rest_joints: Tensor
    rotations: Tensor
    translations: Tensor

    @property
    def stretches(self) -> bool:
        """Whether the shape, and with it the length of bones, changes over the frames."""
        bones = self.translations[:, 1:]
        return bool((bones - bones[:1]).abs().max() > _SAME_LENGTH)

    @classmethod
    def of_track(cls, track: PersonTrack, body_model: nn.Module) -> 'SkeletonMotion':
        """The motion of a person.

        Args:
            track: The person.
            body_model: The body model of its parameters.
        """
        mean = track.betas.mean(0, keepdim=True)
        vertices, joints = _at_rest(body_model, mean)
        _, moving = _at_rest(body_model.subset([0]), track.betas)
        pose = torch.cat((track.global_orient[:, None], track.body_pose), dim=1).double()
        rotations = axis_angle_to_matrix(pose)
        rotations[:, 0] = rotations_to_export_axes(rotations[:, 0])
        translations = offsets_from_parents(moving, body_model.parents)
        translations[:, 0] = points_to_export_axes(moving[:, 0] + track.transl.double())
        return cls(body_model.parents, vertices[0], joints[0], rotations, translations)


def offsets_from_parents(joints: Tensor, parents: tuple[int, ...]) -> Tensor:
    """Joints (..., J, 3) relative to their parents; that of the root as it is."""
    offsets = joints - joints[..., [max(parent, 0) for parent in parents], :]
    offsets[..., 0, :] = joints[..., 0, :]
    return offsets


@torch.no_grad()
def _at_rest(body_model: nn.Module, betas: Tensor) -> tuple[Tensor, Tensor]:
    """Vertices (B, V, 3) and joints (B, J, 3) of shapes (B, 10) at rest."""
    count = len(betas)
    body = body_model(
        global_orient=torch.zeros(count, 3), body_pose=torch.zeros(count, 23, 3), betas=betas
    )
    return body.vertices.double(), body.joints.double()
