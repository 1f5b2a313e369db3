import torch

from dpmesh_plugin.body_models.keypoint_layers import keypoint_layers


def test_any_regressor_even_one_whose_weights_cancel(body, random_parameters):
    parameters = random_parameters(4)
    generator = torch.Generator().manual_seed(1)
    regressor = torch.zeros(3, body.num_vertices)
    for row in regressor:
        chosen = torch.randperm(body.num_vertices, generator=generator)[:40]
        row[chosen] = torch.randn(40, generator=generator)
    regressor[2] -= regressor[2].sum() / body.num_vertices  # weights that sum up to nothing
    genders = ['male', 'neutral', 'female', 'male']
    small, matrix = keypoint_layers(body.layers, regressor)
    assert small.num_vertices == matrix.shape[1] < 3 * 2 * 24 + 1
    expected = regressor @ body(**parameters, gender=genders).vertices
    torch.testing.assert_close(
        matrix @ small(**parameters, gender=genders).vertices, expected, atol=3e-5, rtol=0
    )


def test_gradients_are_those_of_the_whole_body(body, random_parameters):
    parameters = random_parameters(1)
    pose = parameters['body_pose'].requires_grad_()
    weights = torch.linspace(-1, 1, 90).view(30, 3)
    through_points = (body.keypoints(**parameters, keypoint_set='dpmesh_30')[0] * weights).sum()
    through_mesh = (body.regress(body(**parameters).vertices, 'dpmesh_30')[0] * weights).sum()
    first, second = (
        torch.autograd.grad(value, pose)[0] for value in (through_points, through_mesh)
    )
    torch.testing.assert_close(first, second, atol=1e-5, rtol=0)
