import pytest
import torch

from dpmesh_plugin.body_models import SMPL


def test_transl_moves_everything(body, random_parameters):
    parameters = random_parameters(2)
    moved = body(**parameters)
    rest = body(**{**parameters, 'transl': None})
    shift = parameters['transl'][:, None]
    torch.testing.assert_close(moved.vertices, rest.vertices + shift, atol=2e-6, rtol=0)
    torch.testing.assert_close(moved.joints, rest.joints + shift, atol=2e-6, rtol=0)


def test_genders_per_sample(body, random_parameters):
    parameters = random_parameters(4)
    genders = ['male', 'neutral', 'female', 'male']
    mixed = body(**parameters, gender=genders)
    for row, gender in enumerate(genders):
        single = {name: value[row : row + 1] for name, value in parameters.items()}
        output = body(**single, gender=gender)
        torch.testing.assert_close(mixed.vertices[row], output.vertices[0], atol=1e-6, rtol=0)
        torch.testing.assert_close(mixed.joints[row], output.joints[0], atol=1e-6, rtol=0)
    assert (mixed.vertices[0] - body(**parameters).vertices[0]).abs().max() > 0.01


def test_subset_is_rows_of_the_whole(body, random_parameters):
    parameters = random_parameters(2)
    ids = [6889, 3, 411]
    small, whole = body.subset(ids)(**parameters), body(**parameters)
    torch.testing.assert_close(small.vertices, whole.vertices[:, ids], atol=1e-6, rtol=0)
    torch.testing.assert_close(small.joints, whole.joints)
    with pytest.raises(ValueError, match=r'0\.\.6889'):
        body.subset([0, 6890])


def test_gradients(body, random_parameters):
    small = body.subset([331, 5000, 6000]).double()
    parameters = random_parameters(1, dtype=torch.float64)
    parameters['body_pose'][:, ::2] = 0
    inputs = [value.requires_grad_() for value in parameters.values()]

    def forward(*values):
        return tuple(small(**dict(zip(parameters, values, strict=True))))

    assert torch.autograd.gradcheck(forward, inputs)


def test_empty_batch(body, random_parameters):
    output = body(**random_parameters(0))
    assert output.vertices.shape == (0, 6890, 3)
    assert body.regress(output.vertices, 'coco_17').shape == (0, 17, 3)


def test_stays_float32_under_autocast(body, random_parameters):
    parameters = random_parameters(2)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        output = body(**{name: value.bfloat16().float() for name, value in parameters.items()})
        keypoints = body.regress(output.vertices, 'dpmesh_30')
    plain = body(**{name: value.bfloat16() for name, value in parameters.items()})
    torch.testing.assert_close(output.vertices, plain.vertices)
    assert keypoints.dtype == torch.float32


@pytest.mark.parametrize(
    ('name', 'shape'),
    [
        ('global_orient', (2, 1, 3)),
        ('body_pose', (2, 69)),
        ('betas', (2, 11)),
        ('transl', (1, 3)),
    ],
)
def test_wrong_shapes_are_refused(body, name, shape, random_parameters):
    parameters = {**random_parameters(2), name: torch.zeros(shape)}
    with pytest.raises(ValueError, match='body model expects'):
        body(**parameters)


def test_wrong_genders_are_refused(body, random_parameters):
    parameters = random_parameters(2)
    with pytest.raises(KeyError, match=r"'male' was not loaded; loaded: neutral"):
        SMPL()(**parameters, gender='male')
    with pytest.raises(ValueError, match='2 samples, 1 names'):
        body(**parameters, gender=['male'])
