"""Where things stand: seats under the seated, occluders before the people, furniture behind."""

import numpy as np

from dpmesh_plugin.rendering import Mesh, render_depth, scale_intrinsics
from dpmesh_plugin.structures import keypoint_map

from .body import BodyPoser
from .camera import Camera
from .colors import cloth_color, thing_color
from .joint_angles import JOINTS
from .meshes import MeshBuilder, Thing
from .people import Person, part_vertices
from .rotations import axis_turns
from .things import BULKY, CARRIED, HANGING, STANDING

OCCLUDER_COUNTS = {0: 0.06, 1: 0.36, 2: 0.38, 3: 0.2}
# How often an occluder that stands is one of those that hide much.
BULKY_SHARE = 0.65
# What an occluder does: stand on the floor, hang in the view, or be carried.
STANDING_SHARE, HANGING_SHARE = 0.72, 0.14
# Nothing stands nearer to the camera, or nearer before a person, than this, metres.
NEAREST_THING, GAP_TO_PERSON = 0.55, 0.25
# Occluders leave this many of the 17 COCO joints uncovered, judged on a picture of this side, px.
JOINTS_LEFT, ROUGH_SIZE = 5, 64


def occluders(rng: np.random.Generator, camera: Camera, person: Person) -> list[Thing]:
    """Things between the camera and a person, in world axes."""
    joints = camera.to_world(person.joints)
    things = []
    for _ in range(rng.choice(list(OCCLUDER_COUNTS), p=list(OCCLUDER_COUNTS.values()))):
        kind = rng.random()
        if kind < STANDING_SHARE:
            kinds = BULKY if rng.random() < BULKY_SHARE else STANDING
            thing = _before(rng, camera, _pick(rng, kinds), joints, hanging=False)
        elif kind < STANDING_SHARE + HANGING_SHARE:
            thing = _before(rng, camera, _pick(rng, HANGING), joints, hanging=True)
        else:
            thing = _carried(rng, joints, person.facing)
        if thing is not None:
            things.append(thing)
    return _bearable(camera, things, person)


def _bearable(camera: Camera, things: list[Thing], person: Person) -> list[Thing]:
    """Those things, in their order, that together leave enough joints of a person in view."""
    joints = person.joints[keypoint_map('dpmesh_30', 'coco_17')]
    intrinsics = scale_intrinsics(camera.intrinsics, ROUGH_SIZE / camera.size)
    pixels = joints @ intrinsics.T
    pixels = np.rint(pixels[:, :2] / pixels[:, 2:]).astype(int)
    free = ((pixels >= 0) & (pixels < ROUGH_SIZE)).all(axis=1)
    column, row = pixels.clip(0, ROUGH_SIZE - 1).T
    kept = []
    for thing in things:
        mesh = Mesh(camera.to_camera(thing.vertices), thing.faces)
        depth = render_depth([mesh], intrinsics, (ROUGH_SIZE, ROUGH_SIZE))
        still_free = free & (depth[row, column] > joints[:, 2])
        if np.count_nonzero(still_free) >= JOINTS_LEFT:
            free = still_free
            kept.append(thing)
    return kept


def furniture_behind(
    rng: np.random.Generator, distance: float, wall_distance: float
) -> list[Thing]:
    """Things on the floor behind the people, in world axes."""
    things = []
    for _ in range(rng.integers(0, 5)):
        z = -rng.uniform(distance + 0.6, max(wall_distance, distance + 1.2))
        x = rng.uniform(-0.75, 0.75) * -z
        things.append(_pick(rng, STANDING).moved(np.array([x, 0, z]), rng.uniform(0, 360)))
    return things


def seat(rng: np.random.Generator, camera: Camera, poser: BodyPoser, person: Person) -> Thing:
    """A stool, block, bench or chair under a seated person, in world axes."""
    world = camera.to_world(person.vertices.astype(np.float64))
    buttocks = world[part_vertices(poser, 'pelvis', 'left_hip', 'right_hip')]
    center = world[part_vertices(poser, 'pelvis')].mean(0)
    top = max(float(buttocks[:, 1].min()) + 0.02, 0.08)
    turn = axis_turns('y', person.facing)
    forward = (world - center) @ turn[:, 2]
    behind = forward[(world[:, 1] > top + 0.12) & (np.abs((world - center) @ turn[:, 0]) < 0.3)]
    thing = _seat_mesh(rng, top, -float(behind.min()) + 0.05)
    return thing.moved(np.array([center[0], 0, center[2]]), person.facing)


def _seat_mesh(rng: np.random.Generator, top: float, back: float) -> Thing:
    """A seat of the given height around the pelvis; ``back`` is how far behind the back rests."""
    builder, color = MeshBuilder(), thing_color(rng)
    kind, width = rng.choice(['stool', 'block', 'bench', 'chair']), rng.uniform(0.38, 0.5)
    depth, middle = width, 0.06
    if kind == 'block':
        builder.box((0, top / 2, middle), (width, top, depth), cloth_color(rng))
        return builder.build()
    if kind == 'bench':
        width = rng.uniform(0.9, 1.7)
    builder.box((0, top - 0.03, middle), (width, 0.06, depth), color)
    for x in (-0.45, 0.45):
        for z in (-0.45, 0.45):
            leg = (x * width, top / 2 - 0.03, middle + z * depth)
            builder.box(leg, (0.04, top - 0.06, 0.04), color * 0.8)
    if kind == 'chair' and back < 0.45:
        for x in (-0.45, 0.45):
            builder.box((x * width, top + 0.2, -back), (0.035, 0.45, 0.035), color * 0.9)
        builder.box((0, top + 0.32, -back), (width, rng.uniform(0.1, 0.3), 0.03), color)
        builder.box((0, top - 0.03, -back / 2), (width, 0.05, back), color)
    return builder.build()


def _pick(rng: np.random.Generator, kinds: dict) -> Thing:
    names = list(kinds)
    return kinds[names[rng.integers(len(names))]](rng)


def _before(
    rng: np.random.Generator, camera: Camera, thing: Thing, joints: np.ndarray, *, hanging: bool
) -> Thing | None:
    """Put a thing on the way from the camera to a joint; None where there is no room."""
    turn = rng.normal(0, 35) if rng.random() < 0.8 else rng.uniform(0, 360)
    reach = float(np.abs((thing.vertices @ axis_turns('y', turn).T)[:, 2]).max())
    away = np.linalg.norm(joints[:, [0, 2]], axis=1)
    furthest = float(away.min()) - GAP_TO_PERSON - min(reach, 0.4)
    closest = max(NEAREST_THING + reach, 0.4 * float(away.mean()))
    if furthest < closest:
        return None
    distance = furthest - (furthest - closest) * rng.beta(1.2, 1.2)
    shares = distance / away
    sight = camera.height + shares * (joints[:, 1] - camera.height)
    # A thing that stands can only hide joints that are seen below its top.
    hidden = np.flatnonzero(sight < (np.inf if hanging else thing.vertices[:, 1].max()))
    target = rng.choice(hidden if len(hidden) else len(joints))
    spot = joints[target] * shares[target] + [rng.normal(0, 0.1), 0, 0]
    spot[1] = sight[target] if hanging else 0
    return thing.moved(spot, turn)


def _carried(rng: np.random.Generator, joints: np.ndarray, facing: float) -> Thing:
    """A thing in the left or right hand: what hangs hangs from low hands."""
    side = ('left', 'right')[rng.integers(2)]
    hand = joints[JOINTS.index(f'{side}_hand')]
    low = 0.55 < hand[1] < joints[JOINTS.index('pelvis')][1] + 0.1
    if low:
        name = rng.choice(['carried_bag', 'carried_box'], p=[0.75, 0.25])
    else:
        name = rng.choice(['carried_umbrella', 'carried_box', 'phone'], p=[0.3, 0.3, 0.4])
    return CARRIED[str(name)](rng).moved(hand, facing + rng.normal(0, 20))
