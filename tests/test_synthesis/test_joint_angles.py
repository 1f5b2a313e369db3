import numpy as np

from dpmesh_plugin.synthesis.joint_angles import (
    JOINT_LIMITS,
    JOINTS,
    angles_to_matrices,
    clamp_angles,
    matrices_to_angles,
    mirror_angles,
)
from dpmesh_plugin.synthesis.rotations import (
    axis_turns,
    matrix_to_rotvec,
    rotvec_to_matrix,
    swing_between,
)


def random_angles(seed: int) -> np.ndarray:
    low, high = np.moveaxis(JOINT_LIMITS, -1, 0)
    return low + np.random.default_rng(seed).random(low.shape) * (high - low)


def test_rotation_conventions():
    np.testing.assert_allclose(axis_turns('z', 90) @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    turn = rotvec_to_matrix(np.array([0.6, 0, 0]))
    np.testing.assert_allclose(turn @ [0, 1, 0], [0, np.cos(0.6), np.sin(0.6)])
    both = axis_turns('yx', 30, 20)
    np.testing.assert_allclose(both, axis_turns('y', 30) @ axis_turns('x', 20))


def test_rotation_vectors_round_trip():
    vectors = np.random.default_rng(0).uniform(-1.7, 1.7, (200, 3))
    vectors[0], vectors[1] = 0, [np.pi - 1e-4, 0, 0]
    np.testing.assert_allclose(matrix_to_rotvec(rotvec_to_matrix(vectors)), vectors, atol=1e-9)


def test_swing_between_directions():
    start, end = np.array([0.6, 0.8, 0]), np.array([0, 0.6, -0.8])
    turn = swing_between(start, end)
    np.testing.assert_allclose(turn @ start, end, atol=1e-12)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)


def test_angles_round_trip_within_the_limits():
    angles = random_angles(1)
    np.testing.assert_allclose(matrices_to_angles(angles_to_matrices(angles)), angles, atol=1e-8)


def test_a_hanging_left_arm_swings_about_z():
    angles = np.zeros((24, 3))
    angles[JOINTS.index('left_shoulder'), 2] = -75
    arm = angles_to_matrices(angles)[JOINTS.index('left_shoulder')] @ [1, 0, 0]
    np.testing.assert_allclose(arm, [np.cos(np.deg2rad(75)), -np.sin(np.deg2rad(75)), 0])


def test_limits_are_mirrored_and_clamp():
    left, right = (JOINT_LIMITS[JOINTS.index(f'{side}_elbow')] for side in ('left', 'right'))
    np.testing.assert_array_equal(right[1], -left[1][::-1])
    wild = np.full((24, 3), 200.0)
    clamped = clamp_angles(wild)
    assert (clamped <= JOINT_LIMITS[..., 1]).all()
    np.testing.assert_array_equal(clamped[0], 0)


def test_mirroring_twice_changes_nothing():
    angles = random_angles(2)
    np.testing.assert_array_equal(mirror_angles(mirror_angles(angles)), angles)
    mirrored = angles_to_matrices(mirror_angles(angles))
    flip = np.diag([-1, 1, 1])
    left, right = JOINTS.index('left_hip'), JOINTS.index('right_hip')
    np.testing.assert_allclose(
        mirrored[right], flip @ angles_to_matrices(angles)[left] @ flip, atol=1e-12
    )
