"""Keypoint sets by name; maps, mirror permutations and skeletons are derived from joint names.

Two sets that use the same joint name mean the same point of the body. So a map between sets needs
no table of its own: a joint is copied where the name occurs in both sets and absent elsewhere.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class KeypointSet:
    """An ordered set of named joints.

    Args:
        name: Name of the set, for example ``'coco_17'``.
        names: Joint names in order. Paired joints start with ``left_`` and ``right_``.
        bones: Pairs of joint names to draw.
    """

    name: str
    names: tuple[str, ...]
    bones: tuple[tuple[str, str], ...] = ()

    @property
    def num(self) -> int:
        """Number of joints."""
        return len(self.names)

    @cached_property
    def flip_indices(self) -> np.ndarray:
        """Permutation (K,) that swaps left and right joints; read-only."""
        indices = np.array([self.index(_mirrored(name)) for name in self.names], dtype=np.int64)
        indices.flags.writeable = False
        return indices

    @property
    def links(self) -> list[tuple[int, int]]:
        """The bones as pairs of joint indices."""
        return [(self.index(a), self.index(b)) for a, b in self.bones]

    def index(self, joint: str) -> int:
        """Index of a joint name.

        Raises:
            KeyError: the set has no such joint; the message lists its joints.
        """
        if joint not in self.names:
            raise KeyError(f'{joint!r} is not in {self.name!r}, which has: {", ".join(self.names)}')
        return self.names.index(joint)


def _mirrored(name: str) -> str:
    side, _, part = name.partition('_')
    return {'left': f'right_{part}', 'right': f'left_{part}'}.get(side, name)


def _words(text: str) -> tuple[str, ...]:
    """Split joint names; ``l_`` and ``r_`` abbreviate left and right."""
    full = {'l_': 'left_', 'r_': 'right_'}
    return tuple(
        full.get(word[:2], '') + (word[2:] if word[:2] in full else word) for word in text.split()
    )


def _bones(text: str) -> tuple[tuple[str, str], ...]:
    """Chains of joint names, separated by ``;``, as pairs of neighbours."""
    chains = [_words(chain) for chain in text.split(';')]
    return tuple(pair for chain in chains for pair in pairwise(chain))


_LIMBS = (
    'l_shoulder l_elbow l_wrist; r_shoulder r_elbow r_wrist; '
    'l_hip l_knee l_ankle; r_hip r_knee r_ankle; '
)
_LIMBS_AND_FACE = _LIMBS + 'l_ear l_eye nose r_eye r_ear; '
_COCO = (
    'nose l_eye r_eye l_ear r_ear l_shoulder r_shoulder l_elbow r_elbow l_wrist r_wrist '
    'l_hip r_hip l_knee r_knee l_ankle r_ankle'
)
_COCO_BONES = (
    _LIMBS_AND_FACE + 'l_shoulder r_shoulder r_hip l_hip l_shoulder; nose l_shoulder; '
    'nose r_shoulder'
)
_CROWDPOSE = (
    'l_shoulder r_shoulder l_elbow r_elbow l_wrist r_wrist l_hip r_hip l_knee r_knee '
    'l_ankle r_ankle head_top neck'
)
_CROWDPOSE_BONES = _LIMBS + 'head_top neck; l_shoulder neck r_shoulder; l_hip neck r_hip'
_OPENPOSE = (
    'nose neck r_shoulder r_elbow r_wrist l_shoulder l_elbow l_wrist r_hip r_knee r_ankle '
    'l_hip l_knee l_ankle r_eye l_eye r_ear l_ear'
)
_OPENPOSE_BONES = _LIMBS_AND_FACE + 'l_shoulder neck r_shoulder; nose neck; l_hip neck r_hip'
_OPENPOSE_25 = (
    'nose neck r_shoulder r_elbow r_wrist l_shoulder l_elbow l_wrist pelvis r_hip '
    'r_knee r_ankle l_hip l_knee l_ankle r_eye l_eye r_ear l_ear l_big_toe '
    'l_small_toe l_heel r_big_toe r_small_toe r_heel'
)
_OPENPOSE_25_BONES = _LIMBS_AND_FACE + (
    'l_shoulder neck r_shoulder; nose neck pelvis; l_hip pelvis r_hip; '
    'l_ankle l_big_toe l_small_toe; l_ankle l_heel; '
    'r_ankle r_big_toe r_small_toe; r_ankle r_heel'
)
_SMPL = (
    'pelvis l_hip r_hip torso l_knee r_knee spine l_ankle r_ankle chest l_toe r_toe neck '
    'l_thorax r_thorax head l_shoulder r_shoulder l_elbow r_elbow l_wrist r_wrist '
    'l_hand r_hand'
)
_SMPL_BONES = (
    'pelvis l_hip l_knee l_ankle l_toe; pelvis r_hip r_knee r_ankle r_toe; '
    'pelvis torso spine chest neck; chest l_thorax l_shoulder l_elbow l_wrist l_hand; '
    'chest r_thorax r_shoulder r_elbow r_wrist r_hand'
)
_FACE_OF_30 = '; neck nose head; nose head_top; nose l_eye l_ear; nose r_eye r_ear'
_H36M = (
    'pelvis r_hip r_knee r_ankle l_hip l_knee l_ankle torso neck nose head_top l_shoulder '
    'l_elbow l_wrist r_shoulder r_elbow r_wrist'
)
_H36M_14 = (
    'r_hip r_knee r_ankle l_hip l_knee l_ankle neck head_top l_shoulder l_elbow l_wrist '
    'r_shoulder r_elbow r_wrist'
)
_H36M_14_BONES = _LIMBS + 'l_shoulder neck r_shoulder; neck head_top; l_hip neck r_hip'
_H36M_BONES = (
    _LIMBS + 'l_hip pelvis r_hip; pelvis torso neck nose head_top; l_shoulder neck r_shoulder'
)
_DPMESH_15 = (
    'pelvis l_hip r_hip l_knee r_knee l_ankle r_ankle neck head_top l_shoulder '
    'r_shoulder l_elbow r_elbow l_wrist r_wrist'
)
_DPMESH_15_BONES = _LIMBS + 'l_hip pelvis r_hip; pelvis neck head_top; l_shoulder neck r_shoulder'
_MUCO = (
    'head_top thorax r_shoulder r_elbow r_wrist l_shoulder l_elbow l_wrist r_hip r_knee '
    'r_ankle l_hip l_knee l_ankle pelvis spine head r_hand l_hand r_toe l_toe'
)
_MUCO_BONES = _LIMBS + (
    'head_top head thorax spine pelvis; l_hip pelvis r_hip; '
    'l_shoulder thorax r_shoulder; l_wrist l_hand; r_wrist r_hand; '
    'l_ankle l_toe; r_ankle r_toe'
)

KEYPOINT_SETS: dict[str, KeypointSet] = {
    name: KeypointSet(name, _words(joints), _bones(bones))
    for name, joints, bones in (
        ('smpl_24', _SMPL, _SMPL_BONES),
        ('dpmesh_30', _SMPL + ' nose l_eye r_eye l_ear r_ear head_top', _SMPL_BONES + _FACE_OF_30),
        ('dpmesh_15', _DPMESH_15, _DPMESH_15_BONES),
        ('coco_17', _COCO, _COCO_BONES),
        ('coco_18', _COCO + ' pelvis', _COCO_BONES),
        ('coco_19', _COCO + ' pelvis neck', _COCO_BONES),
        ('crowdpose_14', _CROWDPOSE, _CROWDPOSE_BONES),
        ('crowdpose_15', _CROWDPOSE + ' pelvis', _CROWDPOSE_BONES),
        ('openpose_18', _OPENPOSE, _OPENPOSE_BONES),
        ('openpose_19', _OPENPOSE + ' pelvis', _OPENPOSE_BONES),
        ('openpose_25', _OPENPOSE_25, _OPENPOSE_25_BONES),
        ('h36m_17', _H36M, _H36M_BONES),
        ('h36m_14', _H36M_14, _H36M_14_BONES),
        ('muco_21', _MUCO, _MUCO_BONES),
    )
}

SUPERSETS = {'h36m_14': 'h36m_17'}
"""Sets without a pelvis to be centred on, and the set that has it beside the same joints."""


def get_keypoint_set(name: str) -> KeypointSet:
    """The keypoint set of that name.

    Raises:
        KeyError: there is no such set; the message lists the sets.
    """
    if name not in KEYPOINT_SETS:
        raise KeyError(f'unknown keypoint set {name!r}; known: {", ".join(sorted(KEYPOINT_SETS))}')
    return KEYPOINT_SETS[name]


@lru_cache
def keypoint_map(source: str, target: str) -> np.ndarray:
    """For every joint of ``target`` its index in ``source``, -1 where ``source`` lacks it.

    Returns:
        int64 array (K_target,), read-only.
    """
    origin = get_keypoint_set(source)
    indices = np.array(
        [
            origin.names.index(joint) if joint in origin.names else -1
            for joint in get_keypoint_set(target).names
        ],
        dtype=np.int64,
    )
    indices.flags.writeable = False
    return indices


def map_keypoints(keypoints: np.ndarray, source: str, target: str) -> np.ndarray:
    """Reorder joints from one set to another; joints that ``source`` lacks become zero.

    Args:
        keypoints: Array (..., K_source, D) in any unit.
        source: Name of the set ``keypoints`` is in.
        target: Name of the wanted set.

    Returns:
        Array (..., K_target, D) of the same dtype.

    Raises:
        ValueError: the array does not have as many joints as ``source``.
    """
    expected = get_keypoint_set(source).num
    if keypoints.shape[-2] != expected:
        raise ValueError(
            f'expected {expected} joints of {source!r} on axis -2, got shape {keypoints.shape}'
        )
    indices = keypoint_map(source, target)
    return np.where((indices >= 0)[:, None], keypoints[..., indices, :], 0).astype(keypoints.dtype)


def with_derived_joints(
    keypoints: np.ndarray, scores: np.ndarray, source: str
) -> tuple[np.ndarray, np.ndarray, str]:
    """Add pelvis and neck where the set has hips and shoulders but not these centres.

    A centre is the mean of its left and right joint; its score is the product of theirs, so it is
    absent (score 0) where one of them is (the published rule).

    Args:
        keypoints: (K, 2) in any unit.
        scores: (K,) confidences.
        source: Name of the set, one of ``coco_17``, ``crowdpose_14``, ``openpose_18`` to gain
            joints; any other set is returned as it is.

    Returns:
        Keypoints, scores, and the name of the set they are now in.
    """
    extended = {'coco_17': 'coco_19', 'crowdpose_14': 'crowdpose_15', 'openpose_18': 'openpose_19'}
    target = extended.get(source, source)
    pairs = {'pelvis': ('left_hip', 'right_hip'), 'neck': ('left_shoulder', 'right_shoulder')}
    origin = get_keypoint_set(source)
    for joint in get_keypoint_set(target).names[origin.num :]:
        left, right = (origin.index(side) for side in pairs[joint])
        keypoints = np.concatenate([keypoints, (keypoints[[left]] + keypoints[[right]]) / 2])
        scores = np.append(scores, scores[left] * scores[right])
    return keypoints, scores, target
