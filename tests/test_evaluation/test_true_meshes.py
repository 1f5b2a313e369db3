from types import SimpleNamespace

import pytest
import torch
from torch import nn

from dpmesh_plugin.evaluation.true_meshes import TrueMeshes


def _parameters(number):
    random = torch.Generator().manual_seed(1)
    pose = torch.randn(number, 24, 3, generator=random) * 0.4
    betas = torch.randn(number, 10, generator=random)
    return {'global_orient': pose[:, 0], 'body_pose': pose[:, 1:], 'betas': betas}


@pytest.mark.parametrize('gender', ['male', 'neutral'])
def test_it_equals_the_body_model(body, gender):
    parameters = _parameters(19)  # more than are skinned at a time
    vertices = TrueMeshes(body)(parameters, gender)
    expected = body(**parameters, gender=gender).vertices
    torch.testing.assert_close(vertices, expected, atol=2e-6, rtol=0)
    assert vertices.mT.is_contiguous()


def test_memory_is_used_again(body):
    meshes = TrueMeshes(body)
    first = meshes(_parameters(19), 'male')
    fewer = meshes(_parameters(3), 'male')
    assert fewer.data_ptr() == first.data_ptr()
    expected = body(**_parameters(3), gender='male').vertices
    torch.testing.assert_close(fewer, expected, atol=2e-6, rtol=0)


def test_another_kind_of_body_model_is_called(body):
    class Blob(nn.Module):
        def forward(self, *, betas, gender, **_pose):
            return SimpleNamespace(vertices=betas.reshape(-1, 5, 2))

    parameters = _parameters(2)
    vertices = TrueMeshes(Blob())(parameters, 'male')
    torch.testing.assert_close(vertices, parameters['betas'].view(2, 5, 2))


def test_a_gender_that_was_not_loaded_is_named(body):
    with pytest.raises(KeyError, match="gender 'other' was not loaded; loaded: neutral, male"):
        TrueMeshes(body)(_parameters(1), 'other')
