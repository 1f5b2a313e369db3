import numpy as np
import pytest

from dpmesh_plugin.synthesis.collision import Skeleton
from dpmesh_plugin.synthesis.grounding import level_feet, set_feet_flat
from dpmesh_plugin.synthesis.joint_angles import JOINTS, angles_to_matrices
from dpmesh_plugin.synthesis.key_poses import Figure, solve
from dpmesh_plugin.synthesis.rotations import axis_turns

ANKLES = [JOINTS.index('left_ankle'), JOINTS.index('right_ankle')]


@pytest.fixture(scope='module')
def skeleton(poser) -> Skeleton:
    return Skeleton(poser.rest_joints, poser.parents)


def ankles(skeleton: Skeleton, tilt: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    return skeleton.joints(np.concatenate([tilt[None], matrices[1:]]))[ANKLES]


@pytest.mark.parametrize('side', ['left', 'right'])
def test_the_lower_foot_is_raised_straight_up(skeleton, side):
    bent = {f'{side}_leg': ((0.1, -0.9, 0.5), (0.1, -1, -0.35))}
    pose = solve(Figure(name='uneven', family='stand', **bent))
    before = ankles(skeleton, pose.tilt, angles_to_matrices(pose.angles))
    matrices = level_feet(skeleton, pose.tilt, angles_to_matrices(pose.angles))
    after = ankles(skeleton, pose.tilt, matrices)
    assert abs(before[0, 1] - before[1, 1]) > 0.02
    # The notation takes thigh and shin for straight at rest; the body's are not quite.
    assert abs(after[0, 1] - after[1, 1]) < 0.012
    lower = int(before[0, 1] > before[1, 1])
    np.testing.assert_allclose(after[1 - lower], before[1 - lower], atol=1e-6)
    np.testing.assert_allclose(after[lower, [0, 2]], before[lower, [0, 2]], atol=0.03)


def test_a_raised_leg_stays_raised(skeleton):
    pose = solve(Figure(name='step', family='move', left_leg=((0, 0, 1), (0, -1, 0))))
    matrices = angles_to_matrices(pose.angles)
    assert level_feet(skeleton, pose.tilt, matrices) is matrices


def test_only_the_chosen_feet_are_turned_flat():
    pose = solve(Figure(name='stand', family='stand'))
    tilt = axis_turns('x', 12)
    matrices = set_feet_flat(tilt, pose.angles, (True, False))
    up = []
    for side in ('left', 'right'):
        chain = tilt
        for part in ('hip', 'knee', 'ankle'):
            chain = chain @ matrices[JOINTS.index(f'{side}_{part}')]
        up.append(chain[:, 1])
    np.testing.assert_allclose(up[0], [0, 1, 0], atol=1e-6)
    assert up[1][1] < 0.99
