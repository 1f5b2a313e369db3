"""How a key pose is written down, and how it becomes joint angles.

A pose is described the way one would direct an actor: how the hips are turned, how the back bends,
where each upper arm, forearm, thigh and shin points. Directions are (out, up, front): away from the
middle of the body on the limb's own side, up, and to where a straight standing figure faces. They
need not have unit length. So both sides are written with the same numbers.
"""

from dataclasses import dataclass, field

import numpy as np

from dpmesh_plugin.synthesis.joint_angles import JOINTS, NUM_JOINTS, matrices_to_angles
from dpmesh_plugin.synthesis.rotations import axis_turns, swing_between

Triple = tuple[float, float, float]
Limb = tuple[Triple, Triple]

UP: Triple = (0, 1, 0)
FRONT: Triple = (0, 0, 1)
OUT: Triple = (1, 0, 0)

HANG: Limb = ((0.2, -1, 0), (0.12, -1, 0.18))
STRAIGHT: Limb = ((0.06, -1, 0), (0.02, -1, 0))

FEET = ('flat', 'tiptoe', 'pointed', 'relaxed')
HANDS = ('relaxed', 'propped')
FAMILIES = ('stand', 'move', 'air', 'seat', 'floor', 'lie')

_MIRROR = np.diag([-1.0, 1.0, 1.0])
# Below this bend (degrees) a limb counts as straight: its hinge then no longer tells its twist.
_STRAIGHT_BELOW = 6.0
# Share of the trunk's bend that each of its joints takes.
_BACK_SHARES = {'torso': 0.4, 'spine': 0.33, 'chest': 0.27}
_HEAD_SHARES = {'neck': 0.5, 'head': 0.5}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A key pose in words and directions.

    Args:
        name: Name of the pose.
        family: What carries the figure, one of ``FAMILIES``; poses blend within their family.
        hips: Forward pitch, turn to the left and lean to the left of the pelvis, degrees.
        back: The same three for the back, relative to the pelvis.
        head: The same three for neck and head, relative to the chest.
        arms: Upper arm and forearm directions of both arms.
        left_arm: The left arm where it differs; ``right_arm`` likewise.
        legs: Thigh and shin directions of both legs.
        left_leg: The left leg where it differs; ``right_leg`` likewise.
        feet: How both feet are held, one of ``FEET``.
        left_foot: The left foot where it differs; ``right_foot`` likewise.
        hands: ``'relaxed'``, or ``'propped'`` for palms on the floor.
    """

    name: str
    family: str
    hips: Triple = (0, 0, 0)
    back: Triple = (0, 0, 0)
    head: Triple = (0, 0, 0)
    arms: Limb = HANG
    left_arm: Limb | None = None
    right_arm: Limb | None = None
    legs: Limb = STRAIGHT
    left_leg: Limb | None = None
    right_leg: Limb | None = None
    feet: str = 'flat'
    left_foot: str | None = None
    right_foot: str | None = None
    hands: str = 'relaxed'

    def __post_init__(self) -> None:
        feet = {self.feet, self.left_foot or self.feet, self.right_foot or self.feet}
        for values, known in (({self.family}, FAMILIES), (feet, FEET), ({self.hands}, HANDS)):
            if not values <= set(known):
                raise ValueError(
                    f'key pose {self.name!r}: expected one of {", ".join(known)}, got '
                    f'{", ".join(sorted(values - set(known)))}'
                )


@dataclass(frozen=True, kw_only=True)
class KeyPose:
    """A key pose as the sampler uses it.

    Args:
        name: Name of the pose.
        family: One of ``FAMILIES``.
        tilt: (3, 3) rotation of the pelvis for a figure that faces +z.
        angles: (24, 3) joint angles in degrees.
        flat_feet: Whether left and right foot stand flat.
    """

    name: str
    family: str
    tilt: np.ndarray = field(repr=False)
    angles: np.ndarray = field(repr=False)
    flat_feet: tuple[bool, bool] = (True, True)


def trunk_rotation(bend: Triple) -> np.ndarray:
    """Rotation (3, 3) of a forward pitch, a turn to the left and a lean to the left, degrees."""
    pitch, turn, lean = bend
    return axis_turns('yxz', turn, pitch, -lean)


def _unit(vector: np.ndarray | Triple) -> np.ndarray:
    vector = np.asarray(vector, dtype=np.float64)
    return vector / np.linalg.norm(vector)


def _hinge_limb(
    parent: np.ndarray, limb: Limb, rest: np.ndarray, hinge: np.ndarray
) -> tuple[np.ndarray, float]:
    """World rotation (3, 3) of a left limb's first bone, and the bend of its hinge in degrees.

    ``rest`` is the bone's direction at rest; a positive turn about ``hinge`` bends the limb.
    """
    first, second = _unit(limb[0]), _unit(limb[1])
    cross = np.cross(first, second)
    bend = np.rad2deg(np.arctan2(np.linalg.norm(cross), first @ second))
    if bend < _STRAIGHT_BELOW:
        return parent @ swing_between(rest, parent.T @ first), bend
    axis = _unit(cross)
    local = np.stack([rest, hinge, np.cross(rest, hinge)], axis=1)
    world = np.stack([first, axis, np.cross(first, axis)], axis=1)
    return world @ local.T, bend


def left_arm_rotations(chest: np.ndarray, limb: Limb) -> dict[str, np.ndarray]:
    """Local rotations of a left arm below a chest with world rotation (3, 3).

    The shoulder girdle follows: it rises with a raised arm and turns with a reaching one.
    """
    direction = chest.T @ _unit(limb[0])
    rise, reach = max(direction[1], 0.0), max(direction[2], 0.0)
    thorax = axis_turns('zy', 28 * rise, -10 * reach)
    girdle = chest @ thorax
    upper, bend = _hinge_limb(girdle, limb, np.array([1.0, 0, 0]), np.array([0, -1.0, 0]))
    elbow = axis_turns('y', -bend)
    return {'thorax': thorax, 'shoulder': girdle.T @ upper, 'elbow': elbow}


def left_leg_rotations(
    pelvis: np.ndarray, limb: Limb, foot: str = 'relaxed'
) -> dict[str, np.ndarray]:
    """Local rotations of a left leg below a pelvis with world rotation (3, 3)."""
    thigh, bend = _hinge_limb(pelvis, limb, np.array([0, -1.0, 0]), np.array([1.0, 0, 0]))
    knee = axis_turns('x', bend)
    ankle, toe = foot_rotations(thigh @ knee, foot)
    return {'hip': pelvis.T @ thigh, 'knee': knee, 'ankle': ankle, 'toe': toe}


def foot_rotations(shin: np.ndarray, foot: str) -> tuple[np.ndarray, np.ndarray]:
    """Local ankle and toe rotations below a shin with world rotation (3, 3)."""
    if foot in ('pointed', 'relaxed'):
        pitch = 45 if foot == 'pointed' else 15
        return axis_turns('x', pitch), np.eye(3)
    front = shin[:, 2] * [1, 0, 1]
    yaw = np.arctan2(front[0], front[2])
    lift = 40 if foot == 'tiptoe' else 0
    level = axis_turns('yx', np.rad2deg(yaw), lift)
    return shin.T @ level, axis_turns('x', -0.8 * lift)


def solve(figure: Figure) -> KeyPose:
    """Turn a described figure into joint angles."""
    world = {'pelvis': trunk_rotation(figure.hips)}
    local = {}
    for shares, bend in ((_BACK_SHARES, figure.back), (_HEAD_SHARES, figure.head)):
        for joint, share in shares.items():
            local[joint] = trunk_rotation(tuple(share * angle for angle in bend))
    chest = world['pelvis'] @ local['torso'] @ local['spine'] @ local['chest']
    flat = []
    for side in ('left', 'right'):
        foot = getattr(figure, f'{side}_foot') or figure.feet
        flat.append(foot == 'flat')
        mirror = np.eye(3) if side == 'left' else _MIRROR
        parts = left_arm_rotations(
            mirror @ chest @ mirror, getattr(figure, f'{side}_arm') or figure.arms
        )
        parts |= left_leg_rotations(
            mirror @ world['pelvis'] @ mirror, getattr(figure, f'{side}_leg') or figure.legs, foot
        )
        if figure.hands == 'propped':
            parts['wrist'] = axis_turns('z', 65)
        local |= {f'{side}_{name}': mirror @ turn @ mirror for name, turn in parts.items()}
    matrices = np.tile(np.eye(3), (NUM_JOINTS, 1, 1))
    for name, rotation in local.items():
        matrices[JOINTS.index(name)] = rotation
    return KeyPose(
        name=figure.name,
        family=figure.family,
        tilt=world['pelvis'],
        angles=matrices_to_angles(matrices),
        flat_feet=(flat[0], flat[1]),
    )
