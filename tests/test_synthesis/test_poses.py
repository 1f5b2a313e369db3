import numpy as np
import pytest

from dpmesh_plugin.synthesis.collision import Skeleton
from dpmesh_plugin.synthesis.joint_angles import JOINT_LIMITS, JOINTS, matrices_to_angles
from dpmesh_plugin.synthesis.poses import FAMILY_SHARES, PoseSampler
from dpmesh_plugin.synthesis.rotations import axis_turns, rotvec_to_matrix


@pytest.fixture(scope='module')
def sampler(poser) -> PoseSampler:
    return PoseSampler(Skeleton(poser.rest_joints, poser.parents))


def test_samples_respect_limits_and_do_not_collide(sampler):
    rng = np.random.default_rng(0)
    families = set()
    for _ in range(150):
        figure = sampler.sample(rng)
        families.add(str(figure.family))
        matrices = np.concatenate([np.eye(3)[None], rotvec_to_matrix(figure.body_pose)])
        angles = matrices_to_angles(matrices)
        assert (angles >= JOINT_LIMITS[..., 0] - 1e-6).all()
        assert (angles <= JOINT_LIMITS[..., 1] + 1e-6).all()
        assert not sampler.skeleton.collides(matrices)
    assert families == set(FAMILY_SHARES)


def test_samples_repeat_and_differ(sampler):
    first, again, other = (sampler.sample(np.random.default_rng(seed)) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.body_pose, again.body_pose)
    assert (first.body_pose != other.body_pose).any()


def test_a_hand_in_the_belly_collides(sampler):
    matrices = np.tile(np.eye(3), (24, 1, 1))
    assert not sampler.skeleton.collides(matrices)
    matrices[JOINTS.index('left_shoulder')] = axis_turns('z', -60)
    matrices[JOINTS.index('left_elbow')] = axis_turns('z', -110)
    assert sampler.skeleton.collides(matrices)


def test_family_shares_sum_to_one():
    assert sum(FAMILY_SHARES.values()) == pytest.approx(1)
