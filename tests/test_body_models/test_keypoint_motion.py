import pytest
import torch

from dpmesh_plugin.body_models import SMPL
from dpmesh_plugin.geometry.rotation import axis_angle_to_matrix

KEYPOINTS = 'dpmesh_30'
LEFT_KNEE, LEFT_ANKLE, RIGHT_ANKLE = 4, 7, 8


@pytest.fixture(scope='module')
def body():
    return SMPL().double()


@pytest.fixture
def pose():
    torch.manual_seed(0)
    return 0.4 * torch.randn(2, 24, 3).double()


def motion(body, pose, betas):
    return body.keypoint_motion(
        keypoint_set=KEYPOINTS, rotations=axis_angle_to_matrix(pose), betas=betas
    )


def test_keypoints_are_those_of_the_mesh(body, pose):
    betas = torch.randn(2, 10).double()
    found = motion(body, pose, betas)
    vertices = body(global_orient=pose[:, 0], body_pose=pose[:, 1:], betas=betas).vertices
    torch.testing.assert_close(found.keypoints, body.regress(vertices, KEYPOINTS))


@pytest.mark.parametrize(('joint', 'tolerance'), [(0, 1e-5), (LEFT_KNEE, 0.02)])
def test_a_small_turn_moves_keypoints_by_their_levers(body, pose, joint, tolerance):
    """But for the pose blend shapes, which the turn of a limb changes and that of the root not."""
    betas = torch.zeros(2, 10).double()
    start, small = motion(body, pose, betas), 1e-5
    turn = torch.tensor([0.3, -0.5, 0.8]).double()
    rotations = axis_angle_to_matrix(pose)
    rotations[:, joint] = rotations[:, joint] @ axis_angle_to_matrix(small * turn[None])
    end = body.keypoint_motion(keypoint_set=KEYPOINTS, rotations=rotations, betas=betas)
    in_camera = start.turns[:, joint] @ turn
    expected = torch.linalg.cross(in_camera[:, None], start.levers[:, :, joint], dim=-1)
    moved = (end.keypoints - start.keypoints) / small
    assert moved[:, LEFT_ANKLE].norm(dim=-1).min() > 0.1
    torch.testing.assert_close(moved, expected, atol=tolerance, rtol=0)


def test_a_knee_carries_the_foot_of_its_leg_only(body, pose):
    levers = motion(body, pose, torch.zeros(2, 10).double()).levers[:, :, LEFT_KNEE]
    assert levers[:, LEFT_ANKLE].norm(dim=-1).min() > 0.3
    assert levers[:, RIGHT_ANKLE].abs().max() == 0
