"""Stick figure of the body: joint positions of a pose, and whether it passes through itself."""

import numpy as np

from .joint_angles import JOINTS, NUM_JOINTS

# Bones as capsules: first joint, last joint, radius in metres. The head ends above its joint.
_CAPSULES = {
    'trunk': ('pelvis', 'chest', 0.12),
    'upper_trunk': ('chest', 'neck', 0.12),
    'skull': ('head', 'crown', 0.095),
    'left_thigh': ('left_hip', 'left_knee', 0.075),
    'right_thigh': ('right_hip', 'right_knee', 0.075),
    'left_shin': ('left_knee', 'left_ankle', 0.05),
    'right_shin': ('right_knee', 'right_ankle', 0.05),
    'left_foot': ('left_ankle', 'left_toe', 0.04),
    'right_foot': ('right_ankle', 'right_toe', 0.04),
    'left_upper_arm': ('left_shoulder', 'left_elbow', 0.045),
    'right_upper_arm': ('right_shoulder', 'right_elbow', 0.045),
    'left_forearm': ('left_elbow', 'left_wrist', 0.036),
    'right_forearm': ('right_elbow', 'right_wrist', 0.036),
    'left_hand': ('left_wrist', 'left_hand', 0.036),
    'right_hand': ('right_wrist', 'right_hand', 0.036),
}
_TRUNK = ('trunk', 'upper_trunk', 'skull')
_LEGS = ('thigh', 'shin', 'foot')
# Two capsules may overlap this much before the pose is refused: flesh gives way.
_ALLOWED = 0.65
_CROWN_OFFSET = (0.0, 0.13, 0.02)


def _capsule_pairs() -> list[tuple[str, str]]:
    """Pairs of capsules that may touch in a wrong pose."""
    pairs = []
    for side, other in (('left', 'right'), ('right', 'left')):
        for part in ('forearm', 'hand'):
            name = f'{side}_{part}'
            pairs += [(name, trunk) for trunk in _TRUNK]
            pairs += [(name, f'{leg_side}_{leg}') for leg_side in (side, other) for leg in _LEGS]
            pairs += [(name, f'{other}_{arm}') for arm in ('upper_arm', 'forearm', 'hand')]
    pairs += [(f'left_{a}', f'right_{b}') for a in _LEGS for b in _LEGS]
    pairs += [(f'{side}_{leg}', trunk) for side in ('left', 'right')
              for leg in ('shin', 'foot') for trunk in _TRUNK]  # fmt: skip
    return [pair for pair in pairs if pair[::-1] not in pairs or pair[0] < pair[1]]


class Skeleton:
    """Joint positions and self-collision for one set of proportions.

    Args:
        rest_joints: (24, 3) joints of the rest pose, metres, y up.
        parents: Parent of each joint, -1 for the root.
    """

    def __init__(self, rest_joints: np.ndarray, parents: tuple[int, ...]) -> None:
        self.parents = tuple(int(parent) for parent in parents)
        rest_joints = np.asarray(rest_joints, np.float64)
        self._offsets = rest_joints - rest_joints[list(self.parents)]
        index = {name: JOINTS.index(name) for name in JOINTS.names} | {'crown': NUM_JOINTS}
        names = list(_CAPSULES)
        self._start = np.array([index[_CAPSULES[name][0]] for name in names])
        self._end = np.array([index[_CAPSULES[name][1]] for name in names])
        radius = np.array([_CAPSULES[name][2] for name in names])
        pairs = np.array([(names.index(a), names.index(b)) for a, b in _capsule_pairs()])
        self._first, self._second = pairs.T
        self._limit = _ALLOWED * (radius[self._first] + radius[self._second])

    def joints(self, matrices: np.ndarray) -> np.ndarray:
        """Positions (25, 3) of the joints and the crown for joint rotations (24, 3, 3)."""
        world, points = [matrices[0]], [np.zeros(3)]
        for joint in range(1, NUM_JOINTS):
            parent = self.parents[joint]
            world.append(world[parent] @ matrices[joint])
            points.append(points[parent] + world[parent] @ self._offsets[joint])
        head = JOINTS.index('head')
        return np.stack([*points, points[head] + world[head] @ _CROWN_OFFSET])

    def collides(self, matrices: np.ndarray) -> bool:
        """Whether two parts of the body overlap by more than flesh allows."""
        joints = self.joints(matrices)
        start, end = joints[self._start], joints[self._end]
        first, second = self._first, self._second
        distance = _segment_distance(start[first], end[first], start[second], end[second])
        return bool((distance < self._limit).any())


def _segment_distance(p: np.ndarray, q: np.ndarray, r: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Distances (N,) between the segments p-q and r-s, each end (N, 3)."""
    u, v, w = q - p, s - r, p - r
    uu, uv, vv = (u * u).sum(1), (u * v).sum(1), (v * v).sum(1)
    uw, vw = (u * w).sum(1), (v * w).sum(1)
    along = np.clip((uv * vw - vv * uw) / (uu * vv - uv * uv + 1e-9), 0, 1)
    across = np.clip((uv * along + vw) / (vv + 1e-9), 0, 1)
    along = np.clip((uv * across - uw) / (uu + 1e-9), 0, 1)
    return np.linalg.norm(w + along[:, None] * u - across[:, None] * v, axis=1)
