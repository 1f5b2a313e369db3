"""Which keypoint set the joints of a file are, by their names."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dpmesh_plugin.structures import KEYPOINT_SETS, get_keypoint_set

# Names in files for joints that have another name here.
_SYNONYMS = {'top_head': 'head_top', 'mid_hip': 'pelvis'}
# In CrowdPose files 'head' is the top of the head; elsewhere it is the SMPL joint of that name.
_CROWDPOSE_NAMES = tuple(
    'head' if name == 'head_top' else name for name in get_keypoint_set('crowdpose_14').names
)


class Layout(NamedTuple):
    """How the joints of a file become those of a keypoint set.

    Args:
        keypoint_set: Name of the set.
        positions: (K,) position in the file of every joint of the set, -1 where it is not there.
        num_given: Number of joints in the file.
    """

    keypoint_set: str
    positions: np.ndarray
    num_given: int

    @classmethod
    def plain(cls, keypoint_set: str) -> 'Layout':
        """The joints of the set in its own order."""
        num = get_keypoint_set(keypoint_set).num
        return cls(keypoint_set, np.arange(num), num)


def match_joint_names(names: Sequence[str]) -> Layout:
    """The keypoint set of a list of joint names, in whatever order.

    Args:
        names: Joint names; case does not matter, ``l_`` and ``r_`` stand for left and right.

    Returns:
        The layout in the smallest set that has all of them.

    Raises:
        KeyError: no set has all of the names; the message lists those that no set has.
    """
    own = [_own_name(name) for name in names]
    if sorted(own) == sorted(_CROWDPOSE_NAMES):
        own = ['head_top' if name == 'head' else name for name in own]
    fitting = [s for s in KEYPOINT_SETS.values() if set(own) <= set(s.names)]
    if not fitting or not own:
        known = {name for s in KEYPOINT_SETS.values() for name in s.names}
        raise KeyError(
            f'the joints {", ".join(names)} are of no known keypoint set (unknown names: '
            f'{", ".join(sorted(set(own) - known)) or "none"}); known sets: '
            f'{", ".join(sorted(KEYPOINT_SETS))}'
        )
    best = min(fitting, key=lambda s: (s.names != tuple(own), s.num))
    positions = np.array([own.index(name) if name in own else -1 for name in best.names])
    return Layout(best.name, positions, len(own))


def _own_name(name: str) -> str:
    name = name.strip().lower().replace(' ', '_').replace('-', '_')
    for short, full in (('l_', 'left_'), ('r_', 'right_')):
        if name.startswith(short):
            name = full + name.removeprefix(short)
    return _SYNONYMS.get(name, name)
