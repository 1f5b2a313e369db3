"""Feet on the floor: soles turned level, and both of them brought to one height."""

import numpy as np

from .collision import Skeleton
from .joint_angles import JOINTS, angles_to_matrices, clamp_angles, matrices_to_angles
from .key_poses import foot_rotations, left_leg_rotations

SIDES = ('left', 'right')
# Differences in height that are brought to zero, metres; larger ones are part of the pose.
LEVELLED = (0.008, 0.22)
_MIRROR = np.diag([-1.0, 1.0, 1.0])


def set_feet_flat(tilt: np.ndarray, angles: np.ndarray, flat: tuple[bool, bool]) -> np.ndarray:
    """Joint rotations (24, 3, 3) with the chosen feet turned level as far as the ankle allows.

    Args:
        tilt: (3, 3) rotation of the pelvis.
        angles: (24, 3) joint angles in degrees, within their limits.
        flat: Whether the left and the right foot should stand flat.
    """
    matrices = angles_to_matrices(angles)
    if not any(flat):
        return matrices
    for side, wanted in zip(SIDES, flat, strict=True):
        if wanted:
            hip, knee, ankle, toe = _leg(side)
            shin = tilt @ matrices[hip] @ matrices[knee]
            matrices[ankle], matrices[toe] = foot_rotations(shin, 'flat')
    return angles_to_matrices(clamp_angles(matrices_to_angles(matrices)))


def level_feet(skeleton: Skeleton, tilt: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Joint rotations (24, 3, 3) with the lower foot's leg bent until both ankles are level.

    Exact to a centimetre: at rest the bones of a leg are not quite straight.

    Args:
        skeleton: Lengths of the bones.
        tilt: (3, 3) rotation of the pelvis.
        matrices: (24, 3, 3) joint rotations of a figure with both feet flat.
    """
    joints = skeleton.joints(np.concatenate([tilt[None], matrices[1:]]))
    left, right = (joints[_leg(side)[2], 1] for side in SIDES)
    if not LEVELLED[0] < abs(left - right) < LEVELLED[1]:
        return matrices
    side = 'left' if left < right else 'right'
    hip, knee, ankle, _ = _leg(side)
    target = joints[ankle] + [0, abs(left - right), 0]
    limb = _reach(joints[hip], joints[knee], joints[ankle], target)
    mirror = np.eye(3) if side == 'left' else _MIRROR
    turns = left_leg_rotations(
        mirror @ tilt @ mirror, tuple(mirror @ bone for bone in limb), 'flat'
    )
    matrices = matrices.copy()
    for name, turn in turns.items():
        matrices[JOINTS.index(f'{side}_{name}')] = mirror @ turn @ mirror
    return angles_to_matrices(clamp_angles(matrices_to_angles(matrices)))


def _leg(side: str) -> list[int]:
    return [JOINTS.index(f'{side}_{part}') for part in ('hip', 'knee', 'ankle', 'toe')]


def _reach(
    hip: np.ndarray, knee: np.ndarray, ankle: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Directions (3,) of thigh and shin that bring the ankle to a target nearer to the hip."""
    thigh, shin = np.linalg.norm(knee - hip), np.linalg.norm(ankle - knee)
    line = target - hip
    distance = np.linalg.norm(line)
    line /= distance
    cosine = (thigh**2 + distance**2 - shin**2) / (2 * thigh * distance)
    cosine = np.clip(cosine, -1, 1)
    # The knee leaves the line from hip to ankle to the side where it is already.
    across = (knee - hip) - ((knee - hip) @ line) * line
    across /= max(np.linalg.norm(across), 1e-9)
    new_knee = hip + thigh * (cosine * line + np.sqrt(1 - cosine**2) * across)
    return new_knee - hip, target - new_knee
