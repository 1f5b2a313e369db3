"""Random poses: key poses, blends of two, borrowed arms, noise, feet on the floor, no collision."""

from dataclasses import dataclass

import numpy as np

from .collision import Skeleton
from .grounding import level_feet, set_feet_flat
from .joint_angles import (
    JOINT_LIMITS,
    JOINTS,
    angles_to_matrices,
    clamp_angles,
    mirror_angles,
)
from .key_poses import KeyPose, load_key_poses
from .rotations import axis_turns, matrix_to_rotvec, rotvec_to_matrix

# How often each family is drawn.
FAMILY_SHARES = {'stand': 0.36, 'move': 0.27, 'air': 0.04, 'seat': 0.15, 'floor': 0.12, 'lie': 0.06}
BLEND_SHARE = 0.6
BORROWED_ARMS_SHARE = 0.35
# Standard deviation of the noise on a joint angle as a share of its range, and of the tilt.
ANGLE_NOISE = 0.035
TILT_NOISE_DEGREES = 3.0
# Families that touch the floor in many places bear less noise before they leave it.
NOISE_SCALE = {'floor': 0.6, 'lie': 0.4}
MAX_TRIES = 40

_BLENDING = ('stand', 'move', 'seat')
_LENDING = ('stand', 'move', 'seat')
_BORROWING = ('stand', 'seat')
_ARMS = [
    JOINTS.index(f'{side}_{part}')
    for side in ('left', 'right')
    for part in ('thorax', 'shoulder', 'elbow', 'wrist', 'hand')
]
_RANGE = np.ptp(JOINT_LIMITS, axis=-1)
_MIRROR = np.diag([-1.0, 1.0, 1.0])


@dataclass(frozen=True, kw_only=True)
class FigurePose:
    """A pose of a figure that faces +z (y up) before it is turned into the scene.

    Args:
        family: What carries the figure, one of ``key_poses.FAMILIES``.
        tilt: (3, 3) rotation of the pelvis.
        body_pose: (23, 3) axis-angle of the other joints, radians.
    """

    family: str
    tilt: np.ndarray
    body_pose: np.ndarray


class PoseSampler:
    """Draws poses within the joint limits that do not pass through themselves.

    Args:
        skeleton: Proportions for the collision test and the height of the feet.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        self.skeleton = skeleton
        self._families = {family: [] for family in FAMILY_SHARES}
        for pose in load_key_poses().values():
            self._families[pose.family].append(pose)

    def sample(self, rng: np.random.Generator) -> FigurePose:
        """Draw a pose; after ``MAX_TRIES`` collisions an unchanged key pose is returned."""
        family = rng.choice(list(FAMILY_SHARES), p=list(FAMILY_SHARES.values()))
        for _ in range(MAX_TRIES):
            key = self._pick(rng, family)
            tilt, angles = self._vary(rng, key)
            if rng.random() < 0.5:
                tilt, angles = _MIRROR @ tilt @ _MIRROR, mirror_angles(angles)
                flat = key.flat_feet[::-1]
            else:
                flat = key.flat_feet
            matrices = set_feet_flat(tilt, clamp_angles(angles), flat)
            if all(flat):
                matrices = level_feet(self.skeleton, tilt, matrices)
            if not self.skeleton.collides(matrices):
                return FigurePose(
                    family=family, tilt=tilt, body_pose=matrix_to_rotvec(matrices[1:])
                )
        matrices = angles_to_matrices(clamp_angles(key.angles))
        return FigurePose(family=family, tilt=key.tilt, body_pose=matrix_to_rotvec(matrices[1:]))

    def _pick(self, rng: np.random.Generator, family: str) -> KeyPose:
        poses = self._families[family]
        return poses[rng.integers(len(poses))]

    def _vary(self, rng: np.random.Generator, key: KeyPose) -> tuple[np.ndarray, np.ndarray]:
        """Blend a key pose with another of its family, borrow arms, add noise."""
        tilt, angles = key.tilt, key.angles.copy()
        if key.family in _BLENDING and rng.random() < BLEND_SHARE:
            other, share = self._pick(rng, key.family), 0.5 * rng.beta(0.8, 1.2)
            angles += share * (other.angles - angles)
            tilt = tilt @ rotvec_to_matrix(share * matrix_to_rotvec(tilt.T @ other.tilt))
        if key.family in _BORROWING and rng.random() < BORROWED_ARMS_SHARE:
            lender = self._pick(rng, _LENDING[rng.integers(len(_LENDING))])
            angles[_ARMS] = lender.angles[_ARMS]
        scale = NOISE_SCALE.get(key.family, 1.0)
        angles += rng.normal(size=angles.shape) * _RANGE * ANGLE_NOISE * scale
        noise = rng.normal(size=3) * TILT_NOISE_DEGREES * scale
        return tilt @ axis_turns('xyz', *noise), angles
