import numpy as np
import pytest

from dpmesh_plugin.synthesis.collision import Skeleton
from dpmesh_plugin.synthesis.joint_angles import (
    JOINT_LIMITS,
    JOINTS,
    angles_to_matrices,
    clamp_angles,
)
from dpmesh_plugin.synthesis.key_poses import FAMILIES, Figure, load_key_poses, solve


@pytest.fixture(scope='module')
def skeleton(poser) -> Skeleton:
    return Skeleton(poser.rest_joints, poser.parents)


def joint_positions(skeleton: Skeleton, name: str) -> dict[str, np.ndarray]:
    pose = load_key_poses()[name]
    matrices = angles_to_matrices(pose.angles)
    matrices[0] = pose.tilt
    return dict(zip(JOINTS.names, skeleton.joints(matrices), strict=False))


def test_there_are_many_in_every_family():
    families = [pose.family for pose in load_key_poses().values()]
    assert len(families) >= 40
    assert all(families.count(family) >= 5 for family in FAMILIES)


@pytest.mark.parametrize('pose', load_key_poses().values(), ids=lambda pose: pose.name)
def test_joints_stay_within_their_limits(pose, skeleton):
    outside = np.maximum(JOINT_LIMITS[..., 0] - pose.angles, pose.angles - JOINT_LIMITS[..., 1])
    joint = np.unravel_index(outside[1:].argmax(), (23, 3))[0] + 1
    assert outside[1:].max() < 0.5, f'{JOINTS.names[joint]}: {pose.angles[joint]}'
    assert not skeleton.collides(angles_to_matrices(clamp_angles(pose.angles)))


def test_directions_become_positions(skeleton):
    sitting = joint_positions(skeleton, 'sit_upright')
    thigh = sitting['left_knee'] - sitting['left_hip']
    assert thigh[2] > 0.9 * np.linalg.norm(thigh)
    waving = joint_positions(skeleton, 'waving_high')
    assert waving['left_wrist'][1] > waving['head'][1] > waving['right_wrist'][1]
    lying = joint_positions(skeleton, 'lie_on_back')
    assert abs(lying['head'][1] - lying['pelvis'][1]) < 0.15
    crossed = joint_positions(skeleton, 'arms_crossed')
    assert crossed['left_wrist'][0] < crossed['right_wrist'][0]


def test_a_flat_foot_is_level():
    pose = solve(Figure(name='lunge', family='stand', left_leg=((0.1, -1, 0.8), (0, -1, 0.3))))
    matrices = angles_to_matrices(pose.angles)
    hip, knee, ankle = (JOINTS.index(f'left_{part}') for part in ('hip', 'knee', 'ankle'))
    sole = pose.tilt @ matrices[hip] @ matrices[knee] @ matrices[ankle] @ [0, 1, 0]
    np.testing.assert_allclose(sole, [0, 1, 0], atol=1e-9)


def test_unknown_names_list_the_known():
    with pytest.raises(ValueError, match='moonwalk.*stand, move, air'):
        Figure(name='moonwalk', family='dance')
    with pytest.raises(ValueError, match='tiptoe'):
        Figure(name='moonwalk', family='move', left_foot='sliding')
