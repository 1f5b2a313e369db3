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


def match_known_joints(names: Sequence[str]) -> Layout:
    """The keypoint set that has most of a list of joint names; the other joints are left out.

    Args:
        names: As in :func:`match_joint_names`, for example the 133 joints of a whole body.

    Returns:
        The layout; of several sets the smallest.

    Raises:
        KeyError: no set has any of the names.
    """
    own = [_own_name(name) for name in names]
    best = max(KEYPOINT_SETS.values(), key=lambda s: (len(set(own) & set(s.names)), -s.num))
    known = [name for name in names if _own_name(name) in best.names]
    layout = match_joint_names(known or names)
    places = np.array([names.index(name) for name in known])
    there = layout.positions >= 0
    positions = np.where(there, places[layout.positions], -1)
    return Layout(layout.keypoint_set, positions, len(names))


def check_stated_set(stated: str | None, found: str, source: str) -> None:
    """Raise ValueError if a file names its joints and someone says that they are others.

    Args:
        stated: Keypoint set that was given for the file, if one was.
        found: The one that the file says.
        source: Its name, for the message.
    """
    if stated is not None and get_keypoint_set(stated).name != found:
        raise ValueError(
            f'{source} says itself what its joints are: {found}. The keypoint_set {stated} '
            '(--keypoint-set) would be ignored; leave it out, or give the file it is meant for'
        )


def _own_name(name: str) -> str:
    name = name.strip().lower().replace(' ', '_').replace('-', '_')
    for short, full in (('l_', 'left_'), ('r_', 'right_')):
        if name.startswith(short):
            name = full + name.removeprefix(short)
    return _SYNONYMS.get(name, name)
