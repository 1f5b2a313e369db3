import torch

from dpmesh_plugin.body_models.body_file import read_bodies
from dpmesh_plugin.body_models.smpl_layer import SMPLLayer


def test_layer_of_a_file():
    file = read_bodies(None, ['male'])['male']
    layer = SMPLLayer.from_file(file)
    assert layer.directions.shape == (1 + 10 + 207, 3, 6890)
    assert layer.joint_directions.shape == (1 + 10, 24, 3)
    assert not layer.state_dict()
    betas = torch.zeros(1, 10)
    betas[0, 3] = 2
    vertices, joints = layer(torch.zeros(1, 3), torch.zeros(1, 23, 3), betas)
    shaped = torch.from_numpy(file.v_template + 2 * file.shapedirs[..., 3])
    torch.testing.assert_close(vertices[0], shaped)
    torch.testing.assert_close(joints[0], torch.from_numpy(file.joint_regressor) @ shaped)


def test_pose_directions_follow_the_rotation():
    file = read_bodies(None, ['neutral'])['neutral']
    layer = SMPLLayer.from_file(file).subset(torch.tensor([5000]))
    pose = torch.zeros(1, 23, 3)
    pose[0, 22, 2] = 0.6  # the right hand moves no vertex of the leg, its pose directions do
    rest, _ = layer(torch.zeros(1, 3), torch.zeros(1, 23, 3), torch.zeros(1, 10))
    layer.directions[-9:] = 1
    posed, _ = layer(torch.zeros(1, 3), pose, torch.zeros(1, 10))
    turn = 2 * (torch.tensor(0.6).cos() - 1)  # the sum of R - I for a turn about one axis
    torch.testing.assert_close(posed - rest, turn.expand(1, 1, 3), atol=1e-6, rtol=0)
